"""Pages of fields from a spreadsheet. A proposal's address shows what it waits for: the look, the review, the file."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.roles import Area
from core.errors import ApplicationError
from core.models import Job, JobState
from leads.models import BusinessLine
from leads.pages.imports.presenting import actor_of, intake_url
from leads.pages.proposals.forms import ProposalUploadForm, ReviewForm, adjustments_of, name_of
from leads.pages.proposals.presenting import review_context, row_shown
from leads.proposals.facts import FileFacts
from leads.proposals.proposal import Adjustment
from leads.queries.lines import get_line, visible_lines
from leads.queries.proposals import facts_of, get_proposal_job
from leads.services.proposing import name_of_code, proposal_of
from leads.services.stored_proposals import import_proposed, publish_proposed, receive_proposed


@require_http_methods(["GET", "HEAD", "POST"])
def proposal_new(request: HttpRequest) -> HttpResponse:
    """Step 1: a file, and the line that it is for."""
    actor = actor_of(request)
    actor.require(Area.CONFIGURATION, "write")
    form = ProposalUploadForm(
        request.POST or None,
        request.FILES or None,
        lines=visible_lines(actor).order_by("name"),
        initial={"line": request.GET.get("line", "")},
    )
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile = form.cleaned_data["file"]
        try:
            job = receive_proposed(
                actor=actor,
                filename=upload.name or "file",
                chunks=upload.chunks(),
                line_code=form.line_code,
                line_name=form.cleaned_data["name"],
            )
            return redirect("leads:proposal_detail", job.pk)
        except ApplicationError as error:
            form.add_error("file", error.message)
    context = {"form": form, "list_url": reverse("leads:imports")}
    return render(request, "proposals/upload.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def proposal_detail(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What the proposal waits for: being looked at, being adjusted and published, or its file being brought in."""
    job = get_proposal_job(actor_of(request), proposal_id)
    if not job.is_finished:
        return render(request, "proposals/look.html", _look(job))
    if job.state != JobState.DONE:
        return render(request, "proposals/look.html", _look(job), status=422)
    if request.method == "POST":
        return _publish(request, job)
    if (job.result or {}).get("line"):
        return _published(request, job)
    return _review(request, job, ReviewForm(None, proposal=_proposal(request, job, facts_of(job))))


def _look(job: Job) -> dict[str, Any]:
    return {
        "job": job,
        "filename": job.parameters["filename"],
        "progress_url": reverse("leads:proposal_progress", args=[job.pk]),
        "cancel_url": "" if job.is_finished else reverse("core:job_cancel", args=[job.pk]),
        "new_url": f"{reverse('leads:proposal_new')}",
        "list_url": reverse("leads:imports"),
    }


@require_safe
def proposal_progress(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The live part of the page of the look; once it has ended, the way to what it found."""
    job = get_proposal_job(actor_of(request), proposal_id)
    if job.is_finished:
        return HttpResponseClientRedirect(reverse("leads:proposal_detail", args=[job.pk]))
    response = render(request, "components/job_progress.html", _look(job))
    response["Cache-Control"] = "no-store"
    return response


def _proposal(
    request: HttpRequest, job: Job, facts: FileFacts, adjustments: dict[int, Adjustment] | None = None
) -> Any:
    return proposal_of(actor_of(request), facts, line_code=job.parameters["line"], adjustments=adjustments)


def _review(request: HttpRequest, job: Job, form: ReviewForm, status: int = 200) -> HttpResponse:
    code = job.parameters["line"]
    line = BusinessLine.objects.filter(code=code).first()
    context = {
        **review_context(form),
        "job": job,
        "filename": job.parameters["filename"],
        "facts": form.proposal.facts,
        "line_name": line.name if line else job.parameters["name"] or name_of_code(code),
        "is_new": line is None,
        "new_url": reverse("leads:proposal_new"),
        "list_url": reverse("leads:imports"),
    }
    return render(request, "proposals/review.html", context, status=status)


def _publish(request: HttpRequest, job: Job) -> HttpResponse:
    """Publish the line as the form says; what is wrong with a field is shown beside it, and nothing typed is lost."""
    facts = facts_of(job)
    proposal = _proposal(request, job, facts, adjustments_of(request.POST, facts))
    form = ReviewForm(request.POST, proposal=proposal)
    if form.is_valid():
        try:
            publish_proposed(
                actor=actor_of(request),
                job=job,
                line_code=job.parameters["line"],
                name=job.parameters["name"],
                definitions=form.definitions(),
                duplicate_match=form.duplicate_match(),
            )
            return redirect("leads:proposal_detail", job.pk)
        except ApplicationError as error:
            _show_refusal(form, error)
    return _review(request, job, form, status=422)


def _show_refusal(form: ReviewForm, error: ApplicationError) -> None:
    """Put what is wrong with a field beside the control of its column."""
    new = [item for item in form.proposal.fields if not item.exists]
    placed = False
    for path, problems in error.fields.items():
        place, _dot, setting = path.removeprefix("fields[").partition("].")
        name = None
        if path.startswith("fields[") and place.isdigit() and int(place) < len(new):
            position = new[int(place)].column.position
            wanted = {"choices": "choices", "empty_values": "empty"}.get(setting.partition("[")[0], setting)
            name = name_of(position, wanted)
            name = name if name in form.fields else name_of(position, "label")
        for problem in problems:
            form.add_error(name, problem.message)
            placed = True
    if not placed:
        form.add_error(None, error.message)


@require_safe
def proposal_column(request: HttpRequest, proposal_id: int, position: int) -> HttpResponse:
    """The settings of one column as another type, and what speaks for or against it."""
    job = get_proposal_job(actor_of(request), proposal_id)
    facts = facts_of(job)
    asked = adjustments_of({**request.GET.dict(), name_of(position, "keep"): "on"}, facts)[position]
    proposal = _proposal(request, job, facts, {position: asked})
    item = next((item for item in proposal.fields if item.column.position == position), None)
    if item is None or item.exists:
        raise Http404
    row = row_shown(ReviewForm(None, proposal=proposal), item)
    response = render(request, "proposals/_settings.html", {"row": row, "is_part": True})
    response["Cache-Control"] = "no-store"
    return response


def _published(request: HttpRequest, job: Job) -> HttpResponse:
    actor = actor_of(request)
    line = get_line(actor, (job.result or {})["line"])
    may_import = actor.may(Area.LEAD_FILES, "write")
    context = {
        "line": line,
        "filename": job.parameters["filename"],
        "rows": facts_of(job).rows,
        "import_url": reverse("leads:proposal_import", args=[job.pk]) if may_import else "",
        "console_url": reverse("admin:leads_businessline_change", args=[line.pk]),
        "leads_url": f"{reverse('leads:list')}?line={line.code}",
        "list_url": reverse("leads:imports"),
    }
    return render(request, "proposals/published.html", context)


@require_POST
def proposal_import(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Bring the very file in: its columns are those that were published."""
    actor = actor_of(request)
    intake = import_proposed(actor=actor, job=get_proposal_job(actor, proposal_id))
    return redirect(intake_url(intake))
