"""Long tasks: what was asked, how far it is, and which worker holds it. The machinery is `core.jobs`."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.roles import READ
from core.scope import current_scope
from core.tenancy import TenantModel


class JobState(models.TextChoices):
    """A job moves from queued to running, back when it is released, and ends in one of the last three.

    A paused job waits for a person: no worker looks for it.
    """

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


def current_request_id() -> str:
    """Return the id of the request that asks for the job, so that its writes can be traced back to it."""
    return current_scope().request_id


class Job(TenantModel):
    """One long task of one organisation: import, export, calculation, delivery, report.

    `cursor` and `done` change in the transaction of the batch they stand for, so a job whose worker was
    killed resumes where it stopped. Who may change the row is decided by `token`, which grows each time
    a worker takes the job: a worker that was stopped and woke up again finds its token outdated.
    """

    kind = models.CharField(_("kind"), max_length=80)
    title = models.CharField(_("title"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.BigIntegerField(_("done"), default=0)
    # None while the amount of work is not known yet.
    total = models.BigIntegerField(_("total"), null=True, blank=True)
    cursor = models.JSONField(default=dict, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True)
    # [{"at": ISO time in UTC, "level": info | warning | error, "text": …}], the newest last, bounded.
    log = models.JSONField(_("log"), default=list, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("asked by"),
    )
    request_id = models.CharField(max_length=64, blank=True, editable=False, default=current_request_id)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    # The lease, in the database's time.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    token = models.BigIntegerField(default=0, editable=False)
    worker = models.CharField(_("worker"), max_length=200, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)
    # How often in a row a worker was lost without progress, and the progress when it took the job.
    losses = models.PositiveSmallIntegerField(_("workers lost"), default=0, editable=False)
    progress_at_start = models.JSONField(null=True, blank=True, editable=False)
    woken_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False, editable=False)
    # Asked for until its run ends; who asked stays beside it while the job is paused.
    pause_requested = models.BooleanField(_("pause requested"), default=False, editable=False)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True, editable=False)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name=_("paused by"),
    )

    class Meta:
        ordering = ("-id",)
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [
            models.Index(models.F("organization"), models.F("id").desc(), name="job_newest"),
            # What sweepers read: small however many jobs are finished.
            models.Index(
                fields=["id"], name="job_unfinished", condition=models.Q(state__in=("queued", "running"))
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self.state not in UNFINISHED

    @property
    def percent(self) -> int | None:
        """Progress in whole percent, or None while the total is unknown."""
        if self.state == JobState.DONE:
            return 100
        if not self.total:
            return None
        return min(100, self.done * 100 // self.total)

    @property
    def latest_log(self) -> dict[str, Any] | None:
        """The newest line of the log."""
        return self.log[-1] if self.log else None


class WorkerHeartbeat(models.Model):
    """When a worker was last alive: a row per worker process, written by its sweeper.

    The one table here without an organisation: workers serve all. The application may read it.
    """

    worker = models.CharField(max_length=200, primary_key=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    application_grants = READ

    class Meta:
        verbose_name = _("worker heartbeat")
        verbose_name_plural = _("worker heartbeats")

    def __str__(self) -> str:
        return self.worker
