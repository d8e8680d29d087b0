"""Whom the organisation may reach: numbers that are not called, and what people have agreed to."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.masking import mask
from accounts.models import Membership
from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.lead import Lead


class DoNotCall(SoftDeleteModel, TenantModel):
    """A number that nobody of the organisation calls or messages. Once taken off it can be listed anew."""

    phone = models.CharField(_("phone"), max_length=20, db_collation="C")
    reason = models.TextField(_("reason"))
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("by")
    )
    since = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-since", "-id")
        verbose_name = _("number not to call")
        verbose_name_plural = _("do-not-call list")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "phone"],
                name="do_not_call_once",
                condition=Q(deleted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        # Titles and messages are read by more people than may read numbers.
        return mask(self.phone, "phone")


class ConsentChannel(models.TextChoices):
    """What a consent is about."""

    ANY = "any", _("Any way")
    CALL = "call", _("Call")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")


class ConsentState(models.TextChoices):
    """What the person said."""

    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentDoor(models.TextChoices):
    """Where it was written down."""

    PAGE = "page", _("On the lead's page")
    API = "api", _("Through the API")


class Consent(TenantModel):
    """That a person gave or withdrew a consent. Never changed: of a purpose and channel the last one holds.

    Only to which lead it belongs may change: where two leads turn out to be one.
    What was agreed to in a public form stands in its enquiry (FormSubmission); the register reads both.
    """

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="consents", verbose_name=_("lead"))
    purpose = models.CharField(_("purpose"), max_length=200)
    channel = models.CharField(_("channel"), max_length=20, choices=ConsentChannel.choices, db_collation="C")
    state = models.CharField(_("state"), max_length=20, choices=ConsentState.choices, db_collation="C")
    wording = models.TextField(_("wording"), blank=True)
    door = models.CharField(_("written down"), max_length=20, choices=ConsentDoor.choices, db_collation="C")
    by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)

    history = TrackedHistory()
    application_grants = (*APPEND, "UPDATE (lead_id)")

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(F("organization"), F("lead"), F("at").desc(), F("id").desc(), name="consent_of_lead")
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.purpose}"
