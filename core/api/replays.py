"""Answers that are told again: what is kept of them, and how they are made anew.

Nothing personal is kept. Where an answer tells a row, its address is kept, and a replay asks that address in
the name of whoever asks now: who may see less by then is told less. Where the row is not theirs to see any
more, what is left is how it is called (`IDENTITY`). An answer without an address says itself what may be kept
(`KeptResponse`), and its view may look over that once more when it is told (`Call.retell`).
"""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.http import QueryDict
from django.urls import Resolver404, resolve
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import ApplicationError
from core.idempotency import Outcome
from core.scope import current_scope

if TYPE_CHECKING:
    from core.api.calls import Call

REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "Content-Location")
IDENTITY = ("id", "reference", "code")
# What belongs to the call that is made again, not to the look at the row.
OF_THE_CALL = (
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IDEMPOTENCY_KEY",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
)


class KeptResponse(Response):
    """An answer of which `kept` may be kept as it is: nothing personal, no secret."""

    def __init__(self, data: Any, *, kept: Any, **options: Any) -> None:
        super().__init__(data, **options)
        self.kept = kept


def outcome_of_response(request: Request, response: Response, *, is_refusal: bool) -> Outcome:
    """Return what is kept of an answer."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    data = response.data
    answer: dict[str, Any]
    if isinstance(response, KeptResponse):
        answer = {"body": response.kept}
    elif is_refusal:
        answer = {"body": {name: value for name, value in data.items() if name != "request_id"}}
    elif data is None:
        answer = {}
    else:
        place = headers.get("Content-Location") or headers.get("Location") or _own_place(request)
        answer = {"place": urlsplit(place).path, "identity": _identity(data)}
    return Outcome(response.status_code, headers, answer)


def told_again(view: "Call", request: Request, outcome: Outcome) -> Response:
    """Return the answer that the outcome stands for, as the caller may see it now."""
    response = Response(status=outcome.status, headers={**outcome.headers, REPLAYED: "true"})
    answer = outcome.answer
    if "body" in answer:
        response.data = view.retell(request, answer["body"])
    elif "identity" in answer:
        found = _look(request, answer["place"]) if answer["place"] else None
        response.data = answer["identity"] if found is None else found.data
        if found is not None and "ETag" in found.headers:
            response["ETag"] = found.headers["ETag"]
    if outcome.status >= status.HTTP_400_BAD_REQUEST:
        response.data["request_id"] = current_scope().request_id
    return response


def _own_place(request: Request) -> str:
    """The address of what a change answers with; what a POST without an address answers has none."""
    return request.path if request.method in ("PATCH", "PUT") else ""


def _identity(data: Any) -> dict[str, Any]:
    return {name: data[name] for name in IDENTITY if name in data} if isinstance(data, Mapping) else {}


def _look(request: Request, place: str) -> Response | None:
    """What the address shows the caller; None where nothing is theirs to see."""
    try:
        match = resolve(place)
    except Resolver404:
        return None
    called: Any = match.func
    if not hasattr(getattr(called, "cls", None), "get"):
        return None
    view = called.cls(**called.initkwargs)
    look = copy.copy(request._request)
    look.method, look.path, look.path_info, look.resolver_match = "GET", place, place, match
    look.META = {name: value for name, value in look.META.items() if name not in OF_THE_CALL}
    look.META |= {"REQUEST_METHOD": "GET", "QUERY_STRING": ""}
    look.__dict__.pop("headers", None)
    look.__dict__["GET"] = QueryDict()
    view.setup(look, *match.args, **match.kwargs)
    view.request = view.initialize_request(look)
    # Who calls has been seen to; whether they may look is asked again.
    view.request._user, view.request._auth = request.user, request.auth
    try:
        view.check_permissions(view.request)
        return view.get(view.request, *match.args, **match.kwargs)
    except (ApplicationError, APIException) as error:
        code = getattr(error, "status", None) or getattr(error, "status_code", 500)
        if code in (status.HTTP_403_FORBIDDEN, status.HTTP_404_NOT_FOUND):
            return None
        raise
