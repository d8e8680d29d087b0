"""Words that people put on leads, to find them again."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead

LONGEST_TAG = 40


class Tag(SoftDeleteModel, TenantModel):
    """A tag of the organisation. Spellings that compare alike are one tag; the first one is kept."""

    name = models.CharField(_("name"), max_length=LONGEST_TAG)
    # Normalised, as rules compare texts.
    name_key = models.CharField(max_length=LONGEST_TAG * 3, db_collation="C", editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name_key"],
                condition=Q(deleted_at__isnull=True),
                name="tag_name_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LeadTag(TenantModel):
    """A tag on a lead. Removing it deletes the row; history keeps who did."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="lead_tags")
    tag = TenantForeignKey(Tag, on_delete=models.PROTECT, related_name="lead_tags")
    # Of the lead, so that the leads of a tag are read newest first off the index alone.
    created_at = models.DateTimeField()

    history = TrackedHistory(found_by="lead")

    class Meta:
        verbose_name = _("tag of a lead")
        verbose_name_plural = _("tags of leads")
        constraints = [
            models.UniqueConstraint(fields=["organization", "lead", "tag"], name="lead_tag_once"),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("tag"),
                F("created_at").desc(),
                F("lead").desc(),
                name="lead_tag_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.tag_id}"
