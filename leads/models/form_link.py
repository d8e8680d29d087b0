"""Public form links: a page of a line that anybody may fill in, and what came in through it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.line import BusinessLine
from leads.models.origin import Campaign, Source


class FormLinkState(models.TextChoices):
    """Whether a form takes enquiries. What has ended stays ended."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class Accent(models.TextChoices):
    """The colours of buttons and links of a form; each can be read in light and dark."""

    TEAL = "teal", _("Teal")
    BROWN = "brown", _("Brown")
    VIOLET = "violet", _("Violet")
    GREEN = "green", _("Green")
    ROSE = "rose", _("Rose")
    BLUE = "blue", _("Blue")


class FormLink(TenantModel):
    """A public form of one line. Who knows the token in its address may write leads of that line, nothing else."""

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+", verbose_name=_("source"))
    campaign = TenantForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("campaign"),
    )
    owner = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("owner")
    )
    token = models.CharField(max_length=64, db_collation="C", editable=False)
    title = models.CharField(_("title"), max_length=120)
    introduction = models.TextField(_("introduction"), max_length=2_000, blank=True)
    thank_you = models.TextField(_("thank-you text"), max_length=2_000, blank=True)
    redirect_url = models.CharField(_("go on to"), max_length=500, blank=True)
    accent = models.CharField(_("colour"), max_length=10, choices=Accent.choices, default=Accent.TEAL)
    # Empty: whatever fields of the line everybody may fill, later ones too.
    field_keys = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("fields")
    )
    consent_purpose = models.CharField(_("purpose of the consent"), max_length=200, blank=True)
    consent_text = models.TextField(_("consent"), max_length=2_000, blank=True)
    # The number of the ConsentText that says the same; 0 while there is none to agree to.
    consent_number = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=FormLinkState.choices, default=FormLinkState.ACTIVE, editable=False
    )
    expires_at = models.DateTimeField(_("ends by itself"), null=True, blank=True)
    daily_cap = models.PositiveIntegerField(_("enquiries a day"), null=True, blank=True)
    embed_origins = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, verbose_name=_("web sites that show it")
    )
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("title", "id")
        verbose_name = _("form link")
        verbose_name_plural = _("form links")
        # Token first: a link is looked up before its organisation is known. Chance keeps tokens apart (192 bits).
        constraints = [models.UniqueConstraint(fields=["token", "organization"], name="form_link_token_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_expired(self) -> bool:
        """Whether its last day is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class ConsentText(TenantModel):
    """What people were asked to agree to, word for word. Never changed: a new text is a new row."""

    form_link = TenantForeignKey(FormLink, on_delete=models.PROTECT, related_name="consent_texts")
    number = models.PositiveIntegerField(_("version"))
    purpose = models.CharField(_("purpose"), max_length=200)
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()
    application_grants = APPEND

    class Meta:
        ordering = ("form_link", "-number")
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(fields=["organization", "form_link", "number"], name="consent_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} ({self.number})"


class SubmissionOutcome(models.TextChoices):
    """What became of an enquiry through a form."""

    CREATED = "created", _("New lead")
    REPEAT = "repeat", _("Repeat enquiry")
    HELD = "held", _("Held for a look")
    DISCARDED = "discarded", _("Discarded")


class FormSubmission(TenantModel):
    """One enquiry through a form: which lead it became or repeats, what was agreed to, when and from where.

    `values` are kept as they were typed where no lead holds them: of a repeat, and of what is held for a look.
    History leaves them out, so that what is removed is gone.
    """

    form_link = TenantForeignKey(
        FormLink, on_delete=models.PROTECT, related_name="submissions", verbose_name=_("form link")
    )
    # One press of the button: what is sent twice is one enquiry.
    press = models.CharField(max_length=64, db_collation="C", editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=SubmissionOutcome.choices)
    # A number without constraint, as imports have it: leads are referred to by no composite key.
    lead_id = models.BigIntegerField(null=True, blank=True, editable=False)
    consent = TenantForeignKey(
        ConsentText,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("agreed to"),
    )
    # A keyed digest: tells that two enquiries came from one address, never which.
    address_digest = models.CharField(max_length=64, blank=True, db_collation="C", editable=False)
    # Why it is held: trap, links, unique, or unasked:key.
    suspicions = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, verbose_name=_("why it is held")
    )
    values = models.JSONField(null=True, blank=True, editable=False)
    at = models.DateTimeField(_("received"), default=timezone.now)

    history = TrackedHistory(excluded_fields=["values"])

    class Meta:
        ordering = ("-id",)
        verbose_name = _("form enquiry")
        verbose_name_plural = _("form enquiries")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "form_link", "press"], name="form_submission_once"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "form_link", "at"], name="form_submission_day"),
            models.Index(
                fields=["organization", "lead_id"],
                name="form_submission_lead",
                condition=models.Q(lead_id__isnull=False),
            ),
            models.Index(
                fields=["organization", "outcome", "at"],
                name="form_submission_waiting",
                condition=models.Q(outcome__in=["held", "discarded"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form_link} · {self.at:%d %b %Y %H:%M}"


class FormRefusals(TenantModel):
    """How often a form turned people away on a day, for the limits it has. A count, without history."""

    form_link = TenantForeignKey(FormLink, on_delete=models.PROTECT, related_name="refusals")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("form_link", "-day")
        verbose_name = _("refusals of a form")
        verbose_name_plural = _("refusals of forms")
        constraints = [
            models.UniqueConstraint(fields=["organization", "form_link", "day"], name="form_refusals_once")
        ]

    def __str__(self) -> str:
        return f"{self.form_link_id} · {self.day}"
