"""The list of leads as a file: what is shown, in its order, with its columns."""

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_safe

from accounts.roles import Area
from core.api.files import file_answer
from core.models import JobState
from leads.pages.imports.presenting import actor_of
from leads.pages.listing import LeadListing
from leads.pages.views import chosen_line
from leads.queries.exports import export_file, get_export
from leads.queries.lines import list_usable_lines
from leads.services.exports import StreamedExport, export_leads


@require_GET
def lead_export(request: HttpRequest) -> HttpResponseBase:
    """Send the list of the same address as a file; where it is long a job writes it, and its page is shown."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    listing = LeadListing(request, actor, chosen_line(request, lines))
    query = listing.query()
    if listing.problems:
        # A file of more than was asked for would be taken for the right one; the list tells what is wrong.
        return redirect(f"{reverse('leads:list')}?{request.GET.urlencode()}")
    export = export_leads(
        actor=actor, query=query, file_type=request.GET.get("format", "xlsx"), columns=listing.file_columns()
    )
    if isinstance(export, StreamedExport):
        return file_answer(request, export.chunks, export.filename, export.content_type)
    return redirect("leads:export_detail", export.pk)


@require_safe
def export_detail(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far an export of one's own is; once it is written, where its file is."""
    job = get_export(actor_of(request), job_id)
    is_written = job.state == JobState.DONE and "file" in (job.result or {})
    context = {
        "job": job,
        "file_url": reverse("leads:export_file", args=[job.pk]) if is_written else "",
        "is_expired": "expired" in (job.result or {}),
        "list_url": reverse("leads:list"),
    }
    response = render(request, "leads/export.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def export_download(request: HttpRequest, job_id: int) -> FileResponse:
    """The file of an export of one's own."""
    file = export_file(actor_of(request), job_id)
    return FileResponse(
        file.path.open("rb"), as_attachment=True, filename=file.filename, content_type=file.content_type
    )
