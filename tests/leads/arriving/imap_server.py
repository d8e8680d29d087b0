"""A small IMAP server on loopback for tests: it speaks what a client of mailboxes says, over real sockets.

It knows CAPABILITY, STARTTLS, LOGIN, SELECT, NOOP, UID SEARCH UNSEEN, UID FETCH of sizes, headers and whole messages,
UID STORE, UID COPY, UID MOVE, UID EXPUNGE and LOGOUT (RFC 3501, 6851, 4315).
"""

import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

HOST = "127.0.0.1"


@dataclass
class Stored:
    """A message in a mailbox."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapServer:
    """A block within which the server listens. `said` holds every command, as it came."""

    user: str = "intake"
    password: str = "a secret word"
    capabilities: str = "IMAP4rev1 STARTTLS MOVE UIDPLUS"
    certificate: ssl.SSLContext | None = None
    is_encrypted_at_once: bool = False
    mailboxes: dict[str, list[Stored]] = field(default_factory=lambda: {"INBOX": [], "Done": []})
    said: list[str] = field(default_factory=list)
    # Called with each FETCH of a whole message.
    before_telling: Any = None
    _next: int = 1
    _server: Any = None

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> "ImapServer":
        box = self

        class Handler(_Conversation):
            server_of_test = box

        self._server = _Server((HOST, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, raw: bytes, mailbox: str = "INBOX") -> Stored:
        """Let a message arrive."""
        stored = Stored(self._next, raw)
        self._next += 1
        self.mailboxes[mailbox].append(stored)
        return stored


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Conversation(socketserver.StreamRequestHandler):
    server_of_test: ImapServer

    def handle(self) -> None:
        box = self.server_of_test
        if box.is_encrypted_at_once:
            self._encrypt()
        self.mailbox: list[Stored] = []
        self._say("* OK ready")
        while line := self.rfile.readline():
            text = line.decode().rstrip("\r\n")
            box.said.append(text)
            tag, _, rest = text.partition(" ")
            command, _, arguments = rest.partition(" ")
            if command.upper() == "UID":
                command, _, arguments = arguments.partition(" ")
            if getattr(self, f"do_{command.lower()}")(tag, arguments) is False:
                return

    def _encrypt(self) -> None:
        assert self.server_of_test.certificate is not None
        self.request = self.server_of_test.certificate.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def do_capability(self, tag: str, _arguments: str) -> None:
        self._say(f"* CAPABILITY {self.server_of_test.capabilities}")
        self._say(f"{tag} OK done")

    def do_noop(self, tag: str, _arguments: str) -> None:
        self._say(f"{tag} OK done")

    def do_starttls(self, tag: str, _arguments: str) -> None:
        self._say(f"{tag} OK begin")
        self._encrypt()

    def do_login(self, tag: str, arguments: str) -> None:
        box = self.server_of_test
        is_right = arguments in (f'{box.user} "{box.password}"', f'"{box.user}" "{box.password}"')
        self._say(f"{tag} OK done" if is_right else f"{tag} NO LOGIN {arguments} is wrong")

    def do_select(self, tag: str, arguments: str) -> None:
        name = arguments.strip('"')
        if name not in self.server_of_test.mailboxes:
            self._say(f"{tag} NO no such mailbox")
            return
        self.mailbox = self.server_of_test.mailboxes[name]
        self._say(f"* {len(self.mailbox)} EXISTS")
        self._say(f"{tag} OK [READ-WRITE]")

    def do_search(self, tag: str, arguments: str) -> None:
        assert arguments == "UNSEEN"
        uids = [str(each.uid) for each in self.mailbox if "\\Seen" not in each.flags]
        self._say(f"* SEARCH {' '.join(uids)}".rstrip())
        self._say(f"{tag} OK done")

    def _of(self, uid: str) -> Stored:
        return next(each for each in self.mailbox if each.uid == int(uid))

    def do_fetch(self, tag: str, arguments: str) -> None:
        uid, _, what = arguments.partition(" ")
        stored = self._of(uid)
        if what == "(RFC822.SIZE)":
            self._say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(stored.raw)})")
        else:
            box = self.server_of_test
            if box.before_telling is not None:
                box.before_telling(stored)
            name = re.sub(r"\.PEEK", "", what.strip("()"))
            raw = stored.raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n" if "HEADER" in what else stored.raw
            self._say(f"* 1 FETCH (UID {uid} {name} {{{len(raw)}}}")
            self.wfile.write(raw + b")\r\n")
        self._say(f"{tag} OK done")

    def do_store(self, tag: str, arguments: str) -> None:
        uid, _how, flags = arguments.split(" ", 2)
        self._of(uid).flags |= set(flags.strip("()").split())
        self._say(f"{tag} OK done")

    def do_copy(self, tag: str, arguments: str) -> bool | None:
        uid, _, name = arguments.partition(" ")
        boxes = self.server_of_test.mailboxes
        if name.strip('"') not in boxes:
            self._say(f"{tag} NO [TRYCREATE] no such mailbox")
            return False
        boxes[name.strip('"')].append(self._of(uid))
        self._say(f"{tag} OK done")
        return None

    def do_move(self, tag: str, arguments: str) -> None:
        uid = arguments.partition(" ")[0]
        stored = self._of(uid)
        if self.do_copy(tag, arguments) is None:
            self.mailbox.remove(stored)

    def do_expunge(self, tag: str, arguments: str) -> None:
        self.mailbox[:] = [each for each in self.mailbox if str(each.uid) != arguments]
        self._say(f"{tag} OK done")

    def do_logout(self, tag: str, _arguments: str) -> bool:
        self._say("* BYE")
        self._say(f"{tag} OK done")
        return False
