"""What a message holds for us: who sent it, and which of its attachments are tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr

import structlog

log = structlog.get_logger("leadledger.arrivals")

# As files that are uploaded; the content decides what they are.
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")
TYPES = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
MOST_PARTS, MOST_ATTACHMENTS = 200, 20
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A table that hangs on a message; `part` is its place among all parts."""

    part: int
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as far as it matters here; `sender` in lower case, "" where none is told.

    `is_readable`: whether it could be taken apart; `left_out` names tables of it that could not be read, or that are
    more than one message may bring.
    """

    message_id: str
    sender: str
    subject: str
    attachments: Sequence[Attachment]
    left_out: Sequence[str] = ()
    is_readable: bool = True


def read_letter(raw: bytes) -> Letter:
    """Read a message. What in it is broken is left out and named; nothing raises, whatever somebody has sent."""
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        tables = list(_tables(message))
        read = [each for each in tables if each.content][:MOST_ATTACHMENTS]
        return Letter(
            message_id=header(message, "Message-ID"),
            sender=sender_of(message),
            subject=header(message, "Subject"),
            attachments=read,
            left_out=[each.name for each in tables if each not in read],
        )
    except Exception as error:
        # Parts within parts a thousand deep, for one.
        log.warning("message_unreadable", error=type(error).__name__)
        return _envelope(raw)


def _envelope(raw: bytes) -> Letter:
    """What the head alone says of a message that cannot be taken apart; where that is broken too, it is nobody's."""
    try:
        head = BytesParser(policy=compat32).parsebytes(raw.partition(b"\r\n\r\n")[0], headersonly=True)
        return Letter(
            header(head, "Message-ID"), sender_of(head), header(head, "Subject"), [], is_readable=False
        )
    except Exception as error:
        log.warning("message_head_unreadable", error=type(error).__name__)
        return Letter("", "", "", [], is_readable=False)


def header(message: Message, name: str) -> str:
    """Return a header in one line, decoded."""
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        text = str(make_header(decode_header(str(raw))))
    except (LookupError, ValueError, UnicodeError, MessageError):
        text = str(raw)
    return SPACE.sub(" ", text).strip()


def sender_of(message: Message) -> str:
    """Return the one address that the message says it is from; "" for none or several."""
    told = message.get_all("From") or []
    if len(told) != 1:
        return ""
    # Taken apart before it is decoded: an encoded name may hold what looks like another address.
    _name, address = parseaddr(str(told[0]))
    return address.strip().lower() if address.count("@") == 1 else ""


def is_allowed(sender: str, allowed: Sequence[str]) -> bool:
    """Whether a sender is among the addresses and domains (@example.com) that are allowed."""
    return bool(sender) and (sender in allowed or f"@{sender.partition('@')[2]}" in allowed)


def _tables(message: Message) -> Iterator[Attachment]:
    """The parts that are called as tables are; one that cannot be decoded is without content."""
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            yield Attachment(number, "…", b"")
            return
        if part.is_multipart():
            continue
        name = _name_of(part)
        if not name.lower().endswith(TABLES) or _is_the_text(part):
            continue
        content = part.get_payload(decode=True)
        yield Attachment(number, name, content if isinstance(content, bytes) else b"")


def _name_of(part: Message) -> str:
    try:
        told = part.get_filename() or ""
        name = str(make_header(decode_header(told)))
    except (LookupError, ValueError, UnicodeError, MessageError):
        name = ""
    # Never a path: what stands before the last slash is the sender's business.
    name = SPACE.sub(" ", name.replace("\\", "/").rpartition("/")[2]).strip()
    name = "".join(sign for sign in name if sign.isprintable())
    ending = TYPES.get(part.get_content_type(), "")
    return name if name or not ending else f"attachment{ending}"


def _is_the_text(part: Message) -> bool:
    """Whether a part is what the message says, and no file."""
    return part.get_content_type() == "text/plain" and not part.get_filename()
