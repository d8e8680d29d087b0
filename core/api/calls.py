"""The view that every call is made of."""

import hashlib
import uuid
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.credentials import credential_of
from core.api.errors import is_outcome
from core.api.etags import not_modified
from core.api.fingerprints import body_sha256
from core.api.replays import outcome_of_response, told_again
from core.idempotency import Attempt, Sent, begin, read_key

IDEMPOTENCY_HEADER = "Idempotency-Key"


def press_of(request: Request) -> str:
    """Return what makes a call made again the same one: its key, at a length that services take; else nothing."""
    if IDEMPOTENCY_HEADER not in request.headers:
        return uuid.uuid4().hex
    key = read_key(request.headers[IDEMPOTENCY_HEADER], IDEMPOTENCY_HEADER)
    return hashlib.sha256(key.encode()).hexdigest()


class Call(APIView):
    """A view of the API.

    It takes bodies sent in chunks, whose length nobody announced. An unsafe call that carries an idempotency
    key is one transaction, in which its outcome is kept; made again, it is answered from there. A GET whose
    answer carries an ETag is 304 to who knows that already.
    """

    _attempt: Attempt | None = None
    _error: Exception | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the call; with a key in a transaction of its own."""
        if request.method in SAFE_METHODS or IDEMPOTENCY_HEADER not in request.headers:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            self._settle(response)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Measure the body, then see who calls and whether they may: the check of the CSRF token reads it."""
        _measure(request._request)
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS and IDEMPOTENCY_HEADER in request.headers:
            self._begin(request)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer with the error; or, of a call that was made before, with its outcome."""
        if isinstance(exc, _MadeBefore):
            return exc.response
        self._error = exc
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Leave the body away where the caller has it."""
        if request.method in SAFE_METHODS and not_modified(request, response):
            response = Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": response["ETag"]})
        return super().finalize_response(request, response, *args, **kwargs)

    def retell(self, request: Request, kept: Any) -> Any:
        """Return the body of an answer that is told again, from what was kept of it.

        A view overrides it where somebody may see less by then.
        """
        return kept

    def _begin(self, request: Request) -> None:
        """Take the key, or answer from what is kept under it. Sign-in, before which nobody is, takes no keys."""
        key = read_key(request.headers[IDEMPOTENCY_HEADER], IDEMPOTENCY_HEADER)
        # A view that looks at no credential has none, whatever is sent along.
        credential = credential_of(request._request) if self.authentication_classes else None
        if credential is None or getattr(request._request, "actor", None) is None:
            return
        attempt = begin(
            Sent(
                credential=credential.id,
                key=key,
                method=request.method or "",
                path=_address(request),
                body_sha256=body_sha256(request),
            )
        )
        if attempt.outcome is not None:
            raise _MadeBefore(told_again(self, request, attempt.outcome))
        self._attempt = attempt

    def _settle(self, response: Any) -> None:
        """Keep the outcome; of a call that failed by our mistake take everything back.

        What the caller is told to put right is no outcome: nothing was done, and the key is free.
        """
        if response.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR:
            transaction.set_rollback(True)
            return
        refusal = is_outcome(self._error)
        if self._attempt is None or (self._error is not None and not refusal):
            return
        # Within the transaction: an answer that cannot be written must not have happened.
        response.render()
        self._attempt.keep(outcome_of_response(self.request, response, is_refusal=refusal))


class _MadeBefore(APIException):
    """The call was made before."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _address(request: Request) -> str:
    """The address of the call, the same with and without a slash at the end."""
    path, question_mark, query = request.get_full_path().partition("?")
    return path.rstrip("/") + question_mark + query


def _measure(request: HttpRequest) -> None:
    """Say how long the body is: the framework takes one without a length for none at all."""
    if request.META.get("CONTENT_LENGTH") or not request.META.get("HTTP_TRANSFER_ENCODING"):
        return
    received = getattr(request, "_stream", None)
    if isinstance(received, SpooledTemporaryFile):
        # A file in chunks may be long: it lies on the disk, and is not read for its length.
        length = received.seek(0, SEEK_END)
        received.seek(0)
    else:
        length = len(request.body)
    request.META["CONTENT_LENGTH"] = str(length)
