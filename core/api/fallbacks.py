"""Errors that no view came to see: in the API's shape for its callers, as pages for everybody else.

`config.urls` names these functions as Django's handlers.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

PREFIX = "/api/"


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """A request that the application refuses to look at, such as one for another host."""
    words = "The request is not sound. Check the host and the headers."
    return _answer(request, 400, "parse_error", words, lambda: defaults.bad_request(request, exception))


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Something that is not allowed."""
    words = "This is not allowed. Ask an administrator."
    return _answer(
        request, 403, "permission_denied", words, lambda: defaults.permission_denied(request, exception)
    )


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """An address where nothing is."""
    words = "No call has this address. See /api/docs/."
    return _answer(request, 404, "not_found", words, lambda: defaults.page_not_found(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours, outside every view."""
    words = f"Something went wrong here. It is logged as {_identity(request)}: tell support that number."
    return _answer(request, 500, "error", words, lambda: defaults.server_error(request))


def refusal(request: HttpRequest, status: int, code: str, words: str) -> HttpResponse:
    """Return an answer of the API that refuses, made outside every view."""
    body = {
        "type": "server_error" if status == 500 else "client_error",
        "errors": [{"code": code, "detail": words, "attr": None}],
        "request_id": _identity(request),
    }
    return JsonResponse(body, status=status)


def _answer(
    request: HttpRequest, status: int, code: str, words: str, page: Callable[[], HttpResponse]
) -> HttpResponse:
    return refusal(request, status, code, words) if request.path.startswith(PREFIX) else page()


def _identity(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
