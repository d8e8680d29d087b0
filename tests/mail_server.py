"""A real SMTP server on loopback for tests: it keeps what it takes, refuses whom it is told to, and can be down."""

import socket
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"


@dataclass
class MailServer:
    """A block within which the server may be `start`ed and `stop`ped, always at the same port."""

    port: int = 0
    received: list[Message] = field(default_factory=list)
    # Address → what the server answers to it as a recipient.
    refusals: dict[str, str] = field(default_factory=dict)
    # Called with each message before it is accepted; returns an answer, or None to accept.
    before_accepting: Any = None
    _controller: Controller | None = None

    def __enter__(self) -> "MailServer":
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The server as `EMAIL_URL` says it."""
        return f"smtp://{HOST}:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._controller = Controller(self, hostname=HOST, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be down: connections are refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def recipients(self) -> list[str]:
        """To whom the received mails go, in order."""
        return [str(message["To"]) for message in self.received]

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content)
        self.received.append(message)
        answer = self.before_accepting(message) if self.before_accepting else None
        return answer or "250 OK"
