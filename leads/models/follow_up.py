"""What is to be done about a lead, by whom and by when."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead


class FollowUp(SoftDeleteModel, TenantModel):
    """Something to do about a lead. Open until `done_at`; overdue once `due_at` has passed."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="follow_ups", verbose_name=_("lead"))
    author = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    # Nobody while the lead is nobody's: who gets the lead next gets it too.
    assignee = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("for")
    )
    what = models.TextField(_("what"))
    due_at = models.DateTimeField(_("due"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True, editable=False)
    done_by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("planned"), default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        indexes = [
            models.Index(
                F("organization"), F("lead"), F("created_at").desc(), F("id").desc(), name="follow_up_of_lead"
            ),
            models.Index(
                fields=["organization", "assignee", "due_at", "id"],
                name="follow_up_open",
                condition=Q(done_at__isnull=True, deleted_at__isnull=True),
            ),
            models.Index(
                fields=["organization", "assignee", "done_at"],
                name="follow_up_done",
                condition=Q(done_at__isnull=False, deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.what[:40]}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.done_at is not None
