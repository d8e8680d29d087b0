"""What people write down about a lead."""

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead


class Note(SoftDeleteModel, TenantModel):
    """A note on a lead. Its author corrects or withdraws it; nobody else does."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="notes", verbose_name=_("lead"))
    author = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    # When the author corrected it last.
    corrected_at = models.DateTimeField(_("corrected"), null=True, blank=True, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes = [
            models.Index(
                F("organization"), F("lead"), F("created_at").desc(), F("id").desc(), name="note_of_lead"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.text[:40]}"
