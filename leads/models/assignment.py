"""Who gets a new lead: the rules of a line in their order, whose turn it is, and what was decided."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import Lead
from leads.models.line import BusinessLine


class AssignmentMethod(models.TextChoices):
    """How one of a rule's people is chosen."""

    ROUND_ROBIN = "round_robin", _("In turn")
    WEIGHTED = "weighted", _("In turn, by weights")
    LEAST_LOADED = "least_loaded", _("Who has the fewest open leads")
    FIRST = "first", _("Always the first of them")


class AssignmentRule(TenantModel):
    """One rule of a line: leads that meet the condition, in these places, go to one of these people.

    The first rule in the order of `position` that fits and has somebody counts. Without condition and places it
    fits every lead. `people` are memberships; `team` adds everybody who reports to that leader.
    """

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveIntegerField(_("order"), default=1)
    is_active = models.BooleanField(_("in use"), default=True)
    # In the rule language, over the fields of the line.
    condition = models.JSONField(_("condition"), null=True, blank=True)
    # Normalised names of cities and regions; none: everywhere.
    places = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, verbose_name=_("cities and regions")
    )
    method = models.CharField(
        _("method"),
        max_length=20,
        choices=AssignmentMethod.choices,
        default=AssignmentMethod.ROUND_ROBIN,
        db_collation="C",
    )
    people = ArrayField(models.BigIntegerField(), default=list, blank=True, verbose_name=_("people"))
    # In the order of `people`; who is not in it weighs 1.
    weights = ArrayField(models.PositiveIntegerField(), default=list, blank=True, verbose_name=_("weights"))
    team = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("team of"),
    )

    history = TrackedHistory()

    class Meta:
        ordering = ("line", "position", "id")
        verbose_name = _("assignment rule")
        verbose_name_plural = _("assignment rules")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "name"], name="assignment_rule_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class AssignmentTurn(TenantModel):
    """How many leads a rule has given so far. Apart from the rule, whose history would hold every one of them."""

    rule = TenantForeignKey(AssignmentRule, on_delete=models.PROTECT, related_name="+")
    given = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("turn of an assignment rule")
        verbose_name_plural = _("turns of assignment rules")
        constraints = [models.UniqueConstraint(fields=["organization", "rule"], name="assignment_turn_once")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.given}"


class LeadAssignment(TenantModel):
    """That a rule gave a lead to somebody, and why. Never changed; what came later stands in the lead's history."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    rule = TenantForeignKey(AssignmentRule, on_delete=models.PROTECT, related_name="+")
    owner = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # As they were then: a rule may have changed since.
    rule_name = models.CharField(max_length=100)
    method = models.CharField(max_length=20, choices=AssignmentMethod.choices, db_collation="C")
    # Which lead of the rule it was, counted from 1; among how many people; the open leads of who got it.
    turn = models.BigIntegerField()
    among = models.IntegerField()
    load = models.IntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)

    application_grants = APPEND

    class Meta:
        ordering = ("-id",)
        verbose_name = _("assignment by rule")
        verbose_name_plural = _("assignments by rule")
        indexes = [models.Index(F("organization"), F("lead"), F("id").desc(), name="assignment_of_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.rule_name}"
