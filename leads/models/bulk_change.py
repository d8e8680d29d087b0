"""What stood on leads before many were changed at once, so that the change can be taken back."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import Lead


class Undone(models.TextChoices):
    """What became of a lead when its change was taken back."""

    UNDONE = "undone", _("As it was before")
    CHANGED_SINCE = "changed_since", _("Changed since")
    NOT_ALLOWED = "not_allowed", _("Not allowed")


class BulkChange(TenantModel):
    """A change of many leads, by the number of its job, and the job that takes it back, if anybody asked for that.

    Without history, as its job: what became of the leads is in theirs.
    """

    job = models.BigIntegerField()
    undo_job = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("change of many leads")
        verbose_name_plural = _("changes of many leads")
        constraints = [models.UniqueConstraint(fields=["organization", "job"], name="bulk_change_of_job")]
        indexes = [models.Index(fields=["organization", "created_at"], name="bulk_change_oldest")]

    def __str__(self) -> str:
        return str(self.job)


class BulkChangedLead(TenantModel):
    """One lead of such a change: what stood on it before."""

    job = models.BigIntegerField()
    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    # owner, team, follow_ups (those handed over) · stage · status · tag; by the columns they were in.
    before = models.JSONField()
    # The lead's own moment of change afterwards; none where it has no part in that, as with tags.
    written_at = models.DateTimeField(null=True, blank=True)
    undone = models.CharField(max_length=20, blank=True, choices=Undone.choices, db_collation="C")

    class Meta:
        verbose_name = _("lead of a change")
        verbose_name_plural = _("leads of changes")
        constraints = [
            models.UniqueConstraint(fields=["organization", "job", "lead"], name="bulk_changed_lead_once")
        ]

    def __str__(self) -> str:
        return f"{self.job}: {self.lead_id}"
