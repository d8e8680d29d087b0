"""Bodies as servers hand them over, with a length and without."""

import io
import json

import pytest
from django.core.handlers.asgi import ASGIRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.calls import Call


class Early(BaseAuthentication):
    """Looks at the body first of all, as the check of the CSRF token does."""

    def authenticate(self, request: Request) -> None:
        assert not request.POST


class Echo(Call):
    """Answers what it was sent."""

    authentication_classes = (Early,)
    permission_classes = ()

    def post(self, request: Request) -> Response:
        return Response(request.data)


def sent(body: bytes, *headers: tuple[bytes, bytes]) -> tuple[int, object]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/echo",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), *headers],
    }
    response = Echo.as_view()(ASGIRequest(scope, io.BytesIO(body)))
    return response.status_code, json.loads(response.render().content)


@pytest.mark.parametrize("header", [(b"content-length", b"10"), (b"transfer-encoding", b"chunked")])
def test_a_body_is_read_whether_its_length_is_announced_or_not(header):
    assert sent(b'{"a": [1]}', header) == (200, {"a": [1]})


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"0")], [(b"transfer-encoding", b"chunked")]])
def test_no_body_is_an_empty_one(headers):
    assert sent(b"", *headers) == (200, {})


def test_a_body_in_chunks_is_judged_like_any_other(settings):
    status, answer = sent(b"{", (b"transfer-encoding", b"chunked"))
    assert (status, answer["errors"][0]["code"]) == (400, "parse_error")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    status, answer = sent(b" " * 11, (b"transfer-encoding", b"chunked"))
    assert (status, answer["errors"][0]["code"]) == (413, "too_large")
