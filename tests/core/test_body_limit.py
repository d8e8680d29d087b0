"""What is too large is refused before anything reads it."""

import asyncio
import json
from typing import Any

import pytest

from core.body_limit import BodyLimit


def call(path: str, chunks: list[bytes], *, announced: int | None) -> tuple[int | None, int]:
    """Send a body; return the status of the answer and how many bytes the application got to see."""
    seen = 0
    sent: list[dict[str, Any]] = []
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, start=1)
    ]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal seen
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            seen += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200})

    headers = [(b"content-length", str(announced).encode())] if announced is not None else []
    limited = BodyLimit(
        application,
        small=10,
        large=100,
        large_paths="/imports/new/",
        public=20,
        public_paths=r"/f/[a-z]+/",
    )
    asyncio.run(limited({"type": "http", "path": path, "headers": headers}, receive, send))
    return (sent[0]["status"] if sent else None), seen


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/leads/new/", 10, 200),
        ("/leads/new/", 11, 413),
        ("/imports/new/", 100, 200),
        ("/imports/new/", 101, 413),
        ("/f/token/", 20, 200),
        ("/f/token/", 21, 413),
        ("/f/token/thanks/", 11, 413),
    ],
)
def test_an_announced_body_is_judged_by_its_length(path: str, size: int, status: int) -> None:
    answered, seen = call(path, [b"x" * size], announced=size)

    assert answered == status
    assert seen == (size if status == 200 else 0)


def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit() -> None:
    answered, seen = call("/leads/new/", [b"x" * 6, b"x" * 6, b"x" * 6], announced=None)

    assert answered == 413
    assert seen == 6


def test_callers_of_the_api_are_refused_in_its_shape() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/leads",
        "headers": [(b"content-length", b"11")],
    }
    limited = BodyLimit(send, small=10, large=100, large_paths="/imports/new/")  # type: ignore[arg-type]
    asyncio.run(limited(scope, receive, send))
    start, end = sent
    headers = dict(start["headers"])
    body = json.loads(end["body"])
    assert (start["status"], headers[b"content-type"]) == (413, b"application/json")
    assert body == {
        "type": "client_error",
        "errors": [{"code": "too_large", "detail": body["errors"][0]["detail"], "attr": None}],
        "request_id": headers[b"x-request-id"].decode(),
    }
