"""The live part of a page that shows a job."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from core.jobs.access import reaches_job
from core.models import Job
from core.queries.jobs import visible_job
from core.services.jobs import cancel_job

# Pages listen for it, to show what the job has made.
FINISHED_EVENT = "job-finished"


@require_GET
def job_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    """The progress of a job, as a part of a page that asks for itself every second until the job has ended.

    The answer that shows the end carries the event `job-finished` (HX-Trigger).
    """
    return _shown(request, visible_job(request.actor, job_id))  # type: ignore[attr-defined]


@require_POST
def job_cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """Cancel a job; show its progress, or without scripts go back to the page named by `next`."""
    actor = request.actor  # type: ignore[attr-defined]
    job = cancel_job(job=visible_job(actor, job_id), actor=actor)
    if request.headers.get("HX-Request"):
        return _shown(request, job)
    return HttpResponseRedirect(_page_before(request))


def _shown(request: HttpRequest, job: Job) -> HttpResponse:
    may_cancel = not job.is_finished and reaches_job(request.actor, job, "write")  # type: ignore[attr-defined]
    response = render(
        request,
        "components/job_progress.html",
        {
            "job": job,
            "progress_url": reverse("core:job_progress", args=[job.pk]),
            "cancel_url": reverse("core:job_cancel", args=[job.pk]) if may_cancel else "",
        },
    )
    # What a browser keeps of a moment ago is wrong now.
    response["Cache-Control"] = "no-store"
    if job.is_finished:
        response["HX-Trigger"] = FINISHED_EVENT
    return response


def _page_before(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return page
    return "/"
