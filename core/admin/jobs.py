"""Long tasks: what runs, how far it is, what it said."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from core.jobs.access import has_private_result, reaches_job
from core.models import UNFINISHED, Job, JobState
from core.queries.jobs import visible_jobs
from core.services.jobs import cancel_job

TONES = {
    "queued": "info",
    "running": "primary",
    "paused": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "warning",
}
SHOWN = 5


@admin.register(Job, site=console)
class JobAdmin(ReadOnlyAdmin):
    """Jobs that the actor may see; one that is not finished can be cancelled."""

    area = "lead_files"
    menu = MenuPlace(BRING_IN, 30, "progress_activity")
    list_display = ("title", "state_label", "progress", "created_by", "created", "finished")
    list_display_links = ("title",)
    list_filter = ("state",)
    search_fields = ("title",)
    fields = (
        "title", "kind", "state", "progress", "result", "error", "said", "created_by", "created", "started",
        "finished", "worker",
    )  # fmt: skip
    actions_detail = ("cancel",)
    show_full_result_count = False
    created = moment_column("created_at", _("Created"))
    started = moment_column("started_at", _("Started"))
    finished = moment_column("finished_at", _("Finished"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whose jobs, the query decides: one's own, and all of an area that one reads."""
        return any(request.actor.may(area, "read") for area in ("lead_files", "configuration"))  # type: ignore[attr-defined]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return [name for name in fields if name != "result"] if obj and has_private_result(obj) else fields

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_jobs(actor).select_related("created_by")

    @display(description=_("State"), ordering="state", label=TONES)
    def state_label(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @admin.display(description=_("Progress"))
    def progress(self, job: Job) -> str:
        if job.percent is None:
            return f"{job.done:,}"
        return f"{job.percent} % ({job.done:,} / {job.total or job.done:,})"

    @admin.display(description=_("Log"))
    def said(self, job: Job) -> str:
        lines = (
            (line["at"][:19].replace("T", " "), line["level"], line["text"]) for line in reversed(job.log)
        )
        return format_html(
            '<ol class="console-log">{}</ol>',
            format_html_join("", '<li class="is-{1}"><time>{0}</time> {2}</li>', lines),
        )

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        job = self.get_object(request, object_id) if object_id else None
        return job is not None and not job.is_finished and reaches_job(request.actor, job, "write")  # type: ignore[attr-defined]

    @action(description=_("Cancel"), icon="cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self.found(request, object_id)
        return self.confirm(
            request,
            job,
            title=_("Cancel this job?"),
            text=_("It ends after the step that is running. What it has finished until then stays."),
            button=_("Cancel the job"),
            work=lambda: cancel_job(job=job, actor=request.actor),  # type: ignore[attr-defined]
            done=_("The job ends."),
        )


@register_queue(30)
def unfinished_jobs(actor: Any) -> Queue | None:
    """Jobs that run or wait."""
    return _queue(actor, visible_jobs(actor).filter(state__in=UNFINISHED), _("Running jobs"), "progress_activity",
                  _("They go on by themselves; you can leave this page."), "queued")  # fmt: skip


@register_queue(40)
def failed_jobs(actor: Any) -> Queue | None:
    """Jobs that failed lately."""
    newest = visible_jobs(actor).order_by("-id")[:200]
    failed = visible_jobs(actor).filter(pk__in=newest.values("pk"), state=JobState.FAILED)
    return _queue(
        actor, failed, _("Failed jobs"), "error", _("Open one to read why, then start it again."), "failed"
    )


def _queue(actor: Any, jobs: models.QuerySet, title: Any, icon: str, advice: Any, state: str) -> Queue:
    address = reverse("admin:core_job_changelist")
    return Queue(
        title=title,
        icon=icon,
        count=jobs.count(),
        link=f"{address}?state__exact={state}",
        advice=advice,
        items=[
            QueueItem(job.title, reverse("admin:core_job_change", args=[job.pk]), job.get_state_display())
            for job in jobs.order_by("-id")[:SHOWN]
        ],
    )
