"""Versions of what a call shows: an ETag is a digest of the very answer, so it changes with what the caller sees.

Who sees less has other ETags than who sees all, and a change of what is hidden from somebody is none to them.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import ApplicationError

ANY = "*"
DIGITS = 32


class PreconditionFailed(ApplicationError):
    """What the caller has seen is not what is there."""

    status = 412

    def __init__(self) -> None:
        super().__init__(
            "precondition_failed", "It was changed since you read it. Read it again, then send your change."
        )


def etag_of(data: Any) -> str:
    """Return the strong ETag of an answer's body, in its quotation marks."""
    written = json.dumps(data, cls=DjangoJSONEncoder, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(written.encode()).hexdigest()[:DIGITS]}"'


def tagged(response: Response) -> Response:
    """Return the answer with the ETag of its body."""
    response["ETag"] = etag_of(response.data)
    return response


def precondition_of(request: Request, current: Callable[[], Any]) -> Callable[[], None] | None:
    """Return the check that If-Match and If-None-Match ask for, to be made under the row's lock; None for none.

    `current` returns what the caller would be shown of the row now. The check raises PreconditionFailed.
    """
    wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
    if wanted is None and unwanted is None:
        return None

    def check() -> None:
        etag = etag_of(current())
        if wanted is not None and not _names(wanted, etag):
            raise PreconditionFailed
        if unwanted is not None and _names(unwanted, etag, weakly=True):
            raise PreconditionFailed

    return check


def not_modified(request: Request, response: HttpResponseBase) -> bool:
    """Whether a GET asks for what the caller has already."""
    etag, known = response.headers.get("ETag"), request.headers.get("If-None-Match")
    return bool(etag and known and response.status_code == 200 and _names(known, etag, weakly=True))


def _names(header: str, etag: str, *, weakly: bool = False) -> bool:
    """Whether a header names the ETag. A weak one of theirs equals a strong one of ours only `weakly`."""
    listed = parse_etags(header)
    if listed == [ANY]:
        return True
    return etag in ([each.removeprefix("W/") for each in listed] if weakly else listed)
