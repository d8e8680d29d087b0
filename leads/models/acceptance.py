"""Which new leads of a source are taken: conditions, days, and how many a day and a month."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import Lead
from leads.models.line import BusinessLine
from leads.models.origin import Source


class AcceptanceRule(TenantModel):
    """One rule of a source: what a new lead must be to be taken. Every rule of its source and line must say yes.

    Without a line it counts the leads of all lines together. A condition reads the fields of the line.
    """

    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="+", verbose_name=_("source"))
    line = TenantForeignKey(
        BusinessLine,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("business line"),
    )
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("in use"), default=True)
    # The source takes nothing at all meanwhile, which is not the same as a rule that is not in use.
    is_paused = models.BooleanField(_("paused"), default=False)
    # In the rule language, over the fields of the line.
    condition = models.JSONField(_("condition"), null=True, blank=True)
    # What the sender is told instead of our own words.
    message = models.CharField(_("message to the sender"), max_length=300, blank=True)
    # Days of the organisation's timezone, both taken in.
    accepts_from = models.DateField(_("from"), null=True, blank=True)
    accepts_until = models.DateField(_("until"), null=True, blank=True)
    daily_cap = models.PositiveIntegerField(_("leads a day"), null=True, blank=True)
    monthly_cap = models.PositiveIntegerField(_("leads a month"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("source", "id")
        verbose_name = _("acceptance rule")
        verbose_name_plural = _("acceptance rules")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "source", "name"], name="acceptance_rule_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_caps(self) -> bool:
        """Whether it counts what it takes."""
        return self.daily_cap is not None or self.monthly_cap is not None


class AcceptanceCount(TenantModel):
    """How many new leads a rule with caps has taken on a day. Apart from the rule: its history holds decisions."""

    rule = TenantForeignKey(AcceptanceRule, on_delete=models.PROTECT, related_name="counts")
    day = models.DateField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("rule", "-day")
        verbose_name = _("count of an acceptance rule")
        verbose_name_plural = _("counts of acceptance rules")
        constraints = [
            models.UniqueConstraint(fields=["organization", "rule", "day"], name="acceptance_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} · {self.day}: {self.taken}"


class LeadAdmission(TenantModel):
    """That a lead has a place under the caps of a rule, so that an import which is taken back gives it back."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    rule = TenantForeignKey(AcceptanceRule, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("place under a cap")
        verbose_name_plural = _("places under caps")
        indexes = [
            models.Index(F("organization"), F("lead"), name="admission_of_lead"),
            models.Index(F("organization"), F("day"), name="admission_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.rule_id}"
