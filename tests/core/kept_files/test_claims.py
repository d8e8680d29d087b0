"""What is claimed to be ten gigabytes is refused before a byte of it is read."""

import asyncio

import pytest

from config.asgi import application


@pytest.mark.parametrize("path", ["/api/v1/files", "/api/v1/files/", "/leads/new/", "/leads/L00000001/edit/"])
@pytest.mark.parametrize(("megabytes", "status"), [(10_000, 413), (1_000_000_000, 413)])
def test_ten_gigabytes_are_not_waited_for(path, megabytes, status):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"content-length", str(megabytes * 2**20).encode()), (b"host", b"testserver")],
    }  # fmt: skip
    asyncio.run(application(scope, receive, send))
    assert sent[0]["status"] == status
    assert application.large_paths.fullmatch(path)
