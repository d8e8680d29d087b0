"""Answers that are files: sent in pieces, under either kind of server, and kept by nobody on the way."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header


def file_answer(
    request: HttpRequest, chunks: Iterator[bytes], filename: str, content_type: str
) -> StreamingHttpResponse:
    """Return the answer that saves the chunks as a file of that name."""
    pieces = _off_the_loop(chunks) if isinstance(request, ASGIRequest) else chunks
    disposition = content_disposition_header(True, filename)
    headers = {"Cache-Control": "no-store", "Content-Disposition": disposition or "attachment"}
    return StreamingHttpResponse(pieces, content_type=content_type, headers=headers)


async def _off_the_loop(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks, each made in the thread of the request: an iterator handed over as it is would be read whole."""
    while (chunk := await sync_to_async(next)(chunks, None)) is not None:  # type: ignore[call-arg]
        yield chunk
