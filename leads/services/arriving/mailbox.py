"""Watched mailboxes: unseen messages are read, their tables taken, and the messages marked or moved."""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from core.errors import Conflict, Contested, TooLarge
from core.network import address_of
from core.secrets import decrypt
from leads.models import Arrival, ArrivalState, MailSecurity, WatchedPlace
from leads.services.arriving.files import digest
from leads.services.arriving.messages import Letter, is_allowed, read_letter
from leads.services.arriving.taking import NOT_ALLOWED, Incoming, take

SECONDS = 30
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
# What comes beside the message itself: answers of a server are short.
MOST_BESIDE = 1024 * 1024
LONGEST_ID = 998
NO_TABLE = "no_table", "The message has no file with a table: CSV, TSV, XLSX, XLS or ODS."
UNREADABLE = (
    "unreadable",
    "The message cannot be taken apart. Let the sender send its files once more, one by one.",
)
LEFT_OUT = (
    "left_out",
    "Files of the message are empty, damaged or too many. Let the sender send them once more: {}.",
)


class _ToAddress:
    """Connects to the address that was judged, whatever the name leads to by now; and reads no endless answer."""

    address: str

    def _create_socket(self, timeout: Any) -> socket.socket:
        return socket.create_connection((self.address, self.port), timeout)  # type: ignore[attr-defined]

    def read(self, size: int) -> bytes:
        """Read so many bytes that the server has announced."""
        if size > settings.MAILBOX_MAX_BYTES + MOST_BESIDE:
            raise TooLarge("message_too_large", "The mail server sends more than was asked for.")
        return super().read(size)  # type: ignore[misc]


class _Plain(_ToAddress, imaplib.IMAP4):
    def __init__(self, address: str, host: str, port: int) -> None:
        self.address = address
        super().__init__(host, port, timeout=SECONDS)


class _Encrypted(_ToAddress, imaplib.IMAP4_SSL):
    def __init__(self, address: str, host: str, port: int) -> None:
        self.address = address
        super().__init__(host, port, ssl_context=trusted(), timeout=SECONDS)

    def _create_socket(self, timeout: Any) -> socket.socket:
        bare = _ToAddress._create_socket(self, timeout)
        return trusted().wrap_socket(bare, server_hostname=self.host)


def trusted() -> ssl.SSLContext:
    """The authorities whose word on a mail server counts: those of the machine."""
    return ssl.create_default_context(cafile=settings.MAILBOX_CA_FILE or None)


@contextmanager
def signed_in(place: WatchedPlace) -> Iterator[imaplib.IMAP4]:
    """A connection with the mailbox of a place selected. Raises Conflict, ValidationFailed, OSError, IMAP4.error."""
    allows_private = bool(settings.MAILBOX_PRIVATE_HOSTS)
    if place.security == MailSecurity.NONE and not allows_private:
        raise Conflict(
            "not_encrypted", "The way to this mailbox has to be encrypted. Choose TLS or STARTTLS."
        )
    address = address_of(place.host, place.port, allows_private=allows_private)
    password = decrypt(place.password)
    connect = _Encrypted if place.security == MailSecurity.TLS else _Plain
    server = connect(address, place.host, place.port)
    try:
        if place.security == MailSecurity.STARTTLS:
            server.starttls(ssl_context=trusted())
        try:
            server.login(_quoted(place.username), password)
        except UnicodeError:
            raise Conflict(
                "not_signed_in", "The password holds signs that mail servers do not take. Choose another one."
            ) from None
        except imaplib.IMAP4.error:
            # What the server answers may repeat what it was sent.
            raise Conflict(
                "not_signed_in", "The mail server does not let the user in. Check user and password."
            ) from None
        _must(server.select(_quoted(place.mailbox)), f"There is no mailbox {place.mailbox}.")
        yield server
    finally:
        try:
            server.logout()
        except (OSError, imaplib.IMAP4.error):
            server.shutdown()


def count_unseen(place: WatchedPlace) -> int:
    """Return how many messages wait in a mailbox; nothing is read. Raises as `signed_in`."""
    with signed_in(place) as server:
        return len(_unseen(server))


def look_into_mailbox(place: WatchedPlace, most: int, *, renew: Callable[[], None]) -> int:
    """Take the tables of unseen messages, the oldest first; return how many files were taken."""
    taken = 0
    with signed_in(place) as server:
        for uid in _unseen(server)[:most]:
            try:
                arrivals = _take_message(place, server, uid)
            except Contested:
                continue
            _put_away(place, server, uid)
            Arrival.objects.filter(pk__in=[each.pk for each in arrivals]).update(is_put_away=True)
            taken += sum(each.state != ArrivalState.FAILED for each in arrivals)
            renew()
    return taken


def _unseen(server: imaplib.IMAP4) -> list[bytes]:
    found = _must(server.uid("SEARCH", "UNSEEN"), "The mailbox cannot be searched.")
    return sorted((found[0] or b"").split(), key=int)


def _take_message(place: WatchedPlace, server: imaplib.IMAP4, uid: bytes) -> list[Arrival]:
    number = uid.decode()
    size = _size(server, number)
    if size > settings.MAILBOX_MAX_BYTES:
        limit = settings.MAILBOX_MAX_BYTES // 2**20
        why = f"The message is larger than {limit} MB. Let the sender split the file."
        head = read_letter(_fetched(server, number, "BODY.PEEK[HEADER]"))
        is_ours = is_allowed(head.sender, place.allowed_senders)
        refusal = ("message_too_large", why) if is_ours else NOT_ALLOWED
        return [_take_nothing(place, head, size, f"{place.mailbox}:{number}", refusal)]
    raw = _fetched(server, number, "BODY.PEEK[]")
    letter = read_letter(raw)
    # A message without a name of its own is known by what it says.
    known_as = letter.message_id or digest(raw.decode("latin-1"))
    if not is_allowed(letter.sender, place.allowed_senders):
        return [_take_nothing(place, letter, size, known_as, NOT_ALLOWED)]
    if not letter.is_readable:
        return [_take_nothing(place, letter, size, known_as, UNREADABLE)]
    if not letter.attachments and not letter.left_out:
        return [_take_nothing(place, letter, size, known_as, NO_TABLE)]
    arrivals = _take_tables(place, letter, known_as)
    if letter.left_out:
        code, why = LEFT_OUT
        refusal = code, why.format(", ".join(each[:60] for each in letter.left_out[:5]))
        arrivals.append(_take_nothing(place, letter, size, digest("left out", known_as), refusal))
    return arrivals


def _take_tables(place: WatchedPlace, letter: Letter, known_as: str) -> list[Arrival]:
    return [
        take(
            place,
            Incoming(
                digest("message", known_as, str(each.part)),
                each.name,
                len(each.content),
                lambda content=each.content: [content],  # type: ignore[misc]
                sender=letter.sender,
                subject=letter.subject,
                message_id=letter.message_id[:LONGEST_ID],
            ),
        )
        for each in letter.attachments
    ]


def _take_nothing(
    place: WatchedPlace, letter: Letter, size: int, known_as: str, why: tuple[str, str]
) -> Arrival:
    return take(
        place,
        Incoming(
            digest("message", known_as),
            letter.subject or "?",
            size,
            list,
            refusal=why,
            sender=letter.sender,
            subject=letter.subject,
            message_id=letter.message_id[:LONGEST_ID],
        ),
    )


def _size(server: imaplib.IMAP4, number: str) -> int:
    answer = _must(server.uid("FETCH", number, "(RFC822.SIZE)"), "A message cannot be read.")
    for part in answer:
        text = part if isinstance(part, bytes) else b" ".join(part) if isinstance(part, tuple) else b""
        if found := SIZE.search(text):
            return int(found[1])
    raise imaplib.IMAP4.error("The size of a message is not told.")


def _fetched(server: imaplib.IMAP4, number: str, what: str) -> bytes:
    answer = _must(server.uid("FETCH", number, f"({what})"), "A message cannot be read.")
    for part in answer:
        if isinstance(part, tuple) and len(part) == 2:
            return bytes(part[1])
    raise imaplib.IMAP4.error("A message comes without its text.")


def _put_away(place: WatchedPlace, server: imaplib.IMAP4, uid: bytes) -> None:
    """Mark a message as read, and move it where the place says so."""
    number = uid.decode()
    _must(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"), "A message cannot be marked as read.")
    if not place.done_mailbox:
        return
    target, why = _quoted(place.done_mailbox), f"Messages cannot be moved to {place.done_mailbox}."
    if "MOVE" in server.capabilities:
        _must(server.uid("MOVE", number, target), why)
        return
    _must(server.uid("COPY", number, target), why)
    _must(server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"), why)
    if "UIDPLUS" in server.capabilities:
        # Of others' deleted messages nothing is known: they stay.
        _must(server.uid("EXPUNGE", number), why)


def _must(answer: tuple[str, Any], why: str) -> list[Any]:
    if answer[0] != "OK":
        raise Conflict("mailbox", why)
    return list(answer[1])


def _quoted(name: str) -> str:
    return f'"{name}"'
