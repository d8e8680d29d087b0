"""Files that people attach to a lead: papers that say who somebody is, quotes, whatever else belongs to it."""

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.models import StoredFile
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead


class AttachmentKind(models.TextChoices):
    """What a file is to its lead. Papers that say who somebody is are personal data."""

    KYC = "kyc", _("KYC")
    QUOTE = "quote", _("Quote")
    OTHER = "other", _("Other")


class LeadAttachment(SoftDeleteModel, TenantModel):
    """A kept file on a lead. Whoever may edit the lead attaches, renames, removes and restores."""

    lead = TenantForeignKey(
        Lead, on_delete=models.PROTECT, related_name="attachments", verbose_name=_("lead")
    )
    file = TenantForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("file"))
    kind = models.CharField(_("kind"), max_length=10, choices=AttachmentKind.choices, db_collation="C")
    label = models.CharField(_("label"), max_length=120)
    # Of the file's bytes, here too: the database holds that a lead has the same file once.
    sha256 = models.CharField(max_length=64, editable=False, db_collation="C")
    # None: it came with an enquiry through a public form.
    author = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("attached by"),
    )
    created_at = models.DateTimeField(_("attached"), default=timezone.now, editable=False)
    # Who took it away, while it is away (`deleted_at`).
    removed_by = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("removed by"),
    )

    history = TrackedHistory()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [
            models.Index(
                F("organization"),
                F("lead"),
                F("created_at").desc(),
                F("id").desc(),
                name="attachment_of_lead",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "lead", "sha256"],
                condition=models.Q(deleted_at__isnull=True),
                name="attachment_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.label}"
