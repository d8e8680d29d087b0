"""Kept files, opened by a signed link; may its opener read them, is asked again."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from core.api.files import file_answer
from core.errors import NotVisible
from core.kept_files.kinds import KINDS, PICTURES
from core.kept_files.links import read_link
from core.models import StoredFile
from core.queries.files import get_file, open_content

# Nothing in a file may run, load or be sent, should a browser show it.
SANDBOX = "sandbox; default-src 'none'; img-src 'self'; frame-ancestors 'none'"
SHOWN = frozenset(KINDS[name].content_type for name in PICTURES)


@require_safe
def open_file(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Send a kept file: to be saved, or, a picture that was drawn anew, to be shown in the page."""
    claim = read_link(signed)
    actor = request.actor  # type: ignore[attr-defined]
    if actor is None or claim.organization_id != actor.organization.pk:
        raise NotVisible("This file belongs to another organisation of yours, or is not for you.")
    return sent(request, get_file(actor, claim.file_id), shows=claim.shows)


def sent(request: HttpRequest, file: StoredFile, *, shows: bool = False) -> HttpResponseBase:
    """Return the answer that sends a file which the caller may read."""
    response = file_answer(request, open_content(file).chunks, file.name, file.content_type)
    if shows and file.width is not None and file.content_type in SHOWN:
        response["Content-Disposition"] = content_disposition_header(False, file.name) or "inline"
    response["Content-Length"] = str(file.size)
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
