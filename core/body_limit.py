"""A limit on what anybody may send, before a byte of it reaches the disk.

Django reads a form's files to disk before any view runs, signed in or not. This stands in front of it.
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

REFUSAL = "The request is too large. Send less at once, or split the file."
API_PREFIX = "/api/"
log = structlog.get_logger("leadledger.request")


class BodyLimit:
    """ASGI middleware: small bodies everywhere, large ones only at the addresses that take files.

    `public` bytes are what `public_paths` take: files too, of people whom nobody knows.
    """

    def __init__(
        self,
        application: Application,
        *,
        small: int,
        large: int,
        large_paths: str,
        public: int = 0,
        public_paths: str = "",
    ) -> None:
        self.application = application
        self.small = small
        self.large = large
        self.public = public
        self.large_paths = re.compile(large_paths)
        self.public_paths = re.compile(public_paths)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        if _announced(scope) > limit:
            await self._refuse(scope, receive, send)
            return
        await self._watch(scope, receive, send, limit)

    def _limit_of(self, path: str) -> int:
        if self.large_paths.fullmatch(path):
            return self.large
        return self.public if self.public_paths.fullmatch(path) else self.small

    async def _watch(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, limit: int) -> None:
        """Count a body whose length was not announced; beyond the limit it ends as if the caller had gone."""
        received = 0
        has_answered = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > limit else message

        async def noted(message: Message) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        await self.application(scope, counted, noted)
        if received > limit and not has_answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        await _drain(receive, self.large)
        kind, identity, body = _refusal(scope["path"])
        log.info("request", method=scope.get("method"), path=scope["path"], status=413, request_id=identity)
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", identity.encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 19:
            return int(value)
    return 0


def _refusal(path: str) -> tuple[bytes, str, bytes]:
    """Content type, request id and body of the answer: in the API's shape for its callers."""
    identity = uuid.uuid4().hex
    if not path.startswith(API_PREFIX):
        return b"text/plain; charset=utf-8", identity, REFUSAL.encode()
    error = {"code": "too_large", "detail": REFUSAL, "attr": None}
    body = {"type": "client_error", "errors": [error], "request_id": identity}
    return b"application/json", identity, json.dumps(body).encode()


async def _drain(receive: Receive, most: int) -> None:
    """Read and forget up to `most` bytes: a browser shows an answer only when it has sent everything."""
    more = True
    while more and most > 0:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        most -= len(message.get("body", b""))
