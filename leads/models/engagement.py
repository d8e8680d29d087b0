"""When somebody called or wrote to the person of a lead, and how it went."""

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead


class Channel(models.TextChoices):
    """The ways to reach a person."""

    CALL = "call", _("Call")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")


class Direction(models.TextChoices):
    """Who began."""

    OUTGOING = "outgoing", _("Outgoing")
    INCOMING = "incoming", _("Incoming")


class EngagementOutcome(models.TextChoices):
    """How it went; "" until somebody tells."""

    REACHED = "reached", _("Reached")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Wrong number or address")
    CALL_BACK = "call_back", _("Asks to be called back")


class Engagement(SoftDeleteModel, TenantModel):
    """A call or message of a lead, logged as it starts. Who made it tells the outcome."""

    lead = TenantForeignKey(
        Lead, on_delete=models.PROTECT, related_name="engagements", verbose_name=_("lead")
    )
    by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    channel = models.CharField(_("channel"), max_length=20, choices=Channel.choices, db_collation="C")
    direction = models.CharField(
        _("direction"),
        max_length=20,
        choices=Direction.choices,
        default=Direction.OUTGOING,
        db_collation="C",
    )
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=EngagementOutcome.choices, blank=True, db_collation="C"
    )
    remark = models.TextField(_("remark"), blank=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        indexes = [
            models.Index(
                F("organization"), F("lead"), F("at").desc(), F("id").desc(), name="engagement_of_lead"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.channel}"
