"""One error shape for every API answer: drf-standardized-errors' shape with the request's id."""

from typing import Any

from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.handler import exception_handler as standard_handler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import ApplicationError

__all__ = ["Formatter", "exception_handler"]


class Refusal(exceptions.APIException):
    """An ApplicationError on its way through the API."""

    def __init__(self, error: ApplicationError) -> None:
        self.status_code = error.status
        super().__init__(detail=error.message, code=error.code)


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
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, ApplicationError):
            return as_api_exception(exc)
        return super().convert_known_exceptions(exc)


class Formatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        body = super().format_error_response(error_response)
        request = self.context.get("request")
        return {**body, "request_id": getattr(getattr(request, "_request", request), "request_id", "")}


def exception_handler(exc: Exception, context: Any) -> Response | None:
    """Entry point named in the settings."""
    return standard_handler(exc, context)
