"""What a person is told of inside the application."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.follow_up import FollowUp
from leads.models.lead import Lead
from leads.models.note import Note


class NotificationKind(models.TextChoices):
    """Why somebody is told."""

    MENTION = "mention", _("Mentioned you")
    FOLLOW_UP = "follow_up", _("Gave you a follow-up")
    ASSIGNED = "assigned", _("Gave you a lead")
    STALLED = "stalled", _("Found a lead stalled")


class Notification(TenantModel):
    """One thing that one person is told. It points at what happened and copies nothing of it.

    Without history: what happened has one, and whether it was read is its reader's business alone.
    """

    recipient = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=NotificationKind.choices, db_collation="C")
    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    note = TenantForeignKey(Note, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    follow_up = TenantForeignKey(FollowUp, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    # Who did it; nobody for the system.
    actor = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(F("organization"), F("recipient"), F("id").desc(), name="notification_newest"),
            models.Index(
                F("organization"),
                F("recipient"),
                F("id").desc(),
                name="notification_unread",
                condition=Q(read_at__isnull=True),
            ),
            models.Index(fields=["organization", "created_at"], name="notification_oldest"),
            models.Index(fields=["note"], name="notification_of_note", condition=Q(note__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id}: {self.kind}"
