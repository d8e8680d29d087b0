"""A limit on what anybody may send, before a byte of it reaches the disk.

Django reads a form's files to disk before any view runs, signed in or not. This stands in front of it.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

REFUSAL = b"The request is too large. Send less at once, or split the file."


class BodyLimit:
    """ASGI middleware: small bodies everywhere, large ones only at the addresses that take files."""

    def __init__(self, application: Application, *, small: int, large: int, large_paths: str) -> None:
        self.application = application
        self.small = small
        self.large = large
        self.large_paths = re.compile(large_paths)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        limit = self.large if self.large_paths.fullmatch(scope["path"]) else self.small
        if _announced(scope) > limit:
            await _drain(receive)
            await _refuse(send)
            return
        await self._watch(scope, receive, send, limit)

    async def _watch(self, scope: MutableMapping[str, Any], receive: Receive, send: Send, limit: int) -> None:
        """Count a body whose length was not announced; beyond the limit it ends as if the caller had gone."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return {"type": "http.disconnect"} if received > limit else message

        await self.application(scope, counted, send)


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 19:
            return int(value)
    return 0


async def _drain(receive: Receive) -> None:
    """Read and forget: a browser shows an answer only when it has sent everything."""
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})
