"""What is claimed to be ten gigabytes is refused before a byte of it is read."""

import asyncio

import pytest

from config.asgi import application

FORM = f"/f/{'x' * 32}/"


@pytest.mark.parametrize("path", ["/api/v1/files", "/api/v1/files/", "/leads/new/", "/leads/L00000001/edit/"])
@pytest.mark.parametrize(("megabytes", "status"), [(10_000, 413), (1_000_000_000, 413)])
def test_ten_gigabytes_are_not_waited_for(path, megabytes, status):
    assert answer_to(path, megabytes) == status
    assert application.large_paths.fullmatch(path)


@pytest.mark.parametrize("path", [FORM, f"{FORM}thanks/", "/f/short/"])
def test_a_visitor_claims_no_more_than_the_files_of_a_form(path):
    assert answer_to(path, 26) == 413
    assert bool(application.public_paths.fullmatch(path)) == (path == FORM)
    assert application.public == 25 * 2**20


def answer_to(path, megabytes):
    """The status of what is answered to so large a claim, before a byte is sent."""
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
    return sent[0]["status"]
