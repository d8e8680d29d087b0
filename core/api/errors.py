"""One error shape for every API answer: drf-standardized-errors' shape with the request's id.

    {"type": "validation_error", "errors": [{"code", "detail", "attr"}], "request_id": "…"}

A problem with a field of the body names it in `attr`. An error may say more beside (`Refusal.extra`).
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions

from core.api.credentials import CHALLENGE
from core.errors import ApplicationError, Conflict, Contested
from core.scope import current_scope

ERROR_TYPES = ("validation_error", "client_error", "server_error")
# Deadlock, serialization failure.
GIVEN_UP = ("40P01", "40001")
UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)


class Refusal(exceptions.APIException):
    """An ApplicationError on its way through the API. `extra` stands beside `errors` in the answer."""

    def __init__(self, error: ApplicationError) -> None:
        self.status_code = error.status
        self.extra: Mapping[str, Any] = getattr(error, "extra", {})
        # Seconds, for the header Retry-After.
        self.wait: int | None = getattr(error, "wait", None)
        self.auth_header = CHALLENGE if error.status == 401 else None
        super().__init__(detail=error.message, code=error.code)


class TellingConflict(Conflict):
    """A conflict whose answer says more than words: what stands in the way, as far as the caller sees it.

    It is the outcome of its call: what the call wrote before it was raised stays.
    """

    is_outcome = True

    def __init__(self, code: str, message: str, **extra: Any) -> None:
        super().__init__(code, message)
        self.extra = extra


def is_outcome(error: Exception | None) -> bool:
    """Whether an error is the outcome of its call: the same call made again must not do more."""
    return getattr(error, "is_outcome", False)


def as_api_exception(error: ApplicationError) -> exceptions.APIException:
    """Return the API exception that renders `error`: per field where it names fields."""
    if error.fields and error.status == 400:
        return exceptions.ValidationError(
            {
                name: [exceptions.ErrorDetail(problem.message, code=problem.code) for problem in problems]
                for name, problems in error.fields.items()
            }
        )
    return Refusal(error)


class Handler(ExceptionHandler):
    """Turns what services and Django raise into what the API answers."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Name what is the caller's doing; what is ours (500) stays unknown."""
        # 500 is ours alone; that something is away (503) is for the caller to know.
        if isinstance(exc, ApplicationError) and exc.status != 500:
            return as_api_exception(exc)
        if _was_contested(exc):
            return Refusal(
                Contested(
                    "contested", "Others are writing the same rows at this moment. Make the same call again."
                )
            )
        if isinstance(exc, RequestDataTooBig):
            refusal = exceptions.APIException("The body is too large. Send less at once.", "too_large")
            refusal.status_code = 413
            return refusal
        if isinstance(exc, exceptions.NotAuthenticated):
            exc.detail = exceptions.ErrorDetail(
                "Nobody is signed in. Sign in, then call again.", exc.default_code
            )
        if isinstance(exc, UNREADABLE):
            return exceptions.ParseError("The request cannot be read. Send JSON in UTF-8.")
        return super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        """Say under which id the log tells what happened, and nothing else."""
        if isinstance(exc, exceptions.APIException):
            return exc
        identity = current_scope().request_id
        return exceptions.APIException(
            f"Something went wrong here. It is logged as {identity}: tell support that number."
        )


def _was_contested(exc: Exception) -> bool:
    """Whether the database gave this call up for another, with nothing of it written."""
    return isinstance(exc, OperationalError) and getattr(exc.__cause__, "sqlstate", None) in GIVEN_UP


class Formatter(ExceptionFormatter):
    """Adds the request's id, and what a refusal says beside its errors."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        """Return the body of the answer."""
        body = super().format_error_response(error_response)
        return {**body, **getattr(self.exc, "extra", {}), "request_id": current_scope().request_id}
