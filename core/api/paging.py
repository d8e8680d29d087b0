"""Pages of lists: how many of them are asked for, and the addresses of those beside this one."""

from urllib.parse import urlsplit, urlunsplit

from rest_framework.request import Request

from core.errors import FieldError, ValidationFailed

DEFAULT_SIZE = 50
LARGEST_SIZE = 500


def page_size(request: Request) -> int:
    """Return how many items the call asks for. Raises ValidationFailed for any but 1 to 500."""
    written = request.query_params.get("page_size")
    if written is None:
        return DEFAULT_SIZE
    if written.isascii() and written.isdecimal() and len(written) < 9:
        size = int(written)
        if 1 <= size <= LARGEST_SIZE:
            return size
    message = f"Write a page size from 1 to {LARGEST_SIZE}."
    raise ValidationFailed(
        "invalid_page_size", message, {"page_size": [FieldError("invalid_page_size", message)]}
    )


def page_address(request: Request, cursor: str) -> str | None:
    """Return the absolute address of the page at `cursor`, all else the same; None for no cursor."""
    if not cursor:
        return None
    parameters = request.query_params.copy()
    parameters["cursor"] = cursor
    here = urlsplit(request.build_absolute_uri())
    return urlunsplit(here._replace(query=parameters.urlencode()))
