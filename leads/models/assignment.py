"""Who gets a new lead: the rules of a line in their order, whose turn it is, and what was decided."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
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
    # Where places hold PIN codes: the key of the field that says a lead's; blank, the line's own PIN field.
    pin_field = models.CharField(_("field of the PIN code"), max_length=60, blank=True)
    only_at_work = models.BooleanField(_("only to people at work now"), default=False)
    # How many leads of this rule each of its people gets on a day of the organisation; none: as many as come.
    daily_cap = models.PositiveIntegerField(_("leads a day for each"), null=True, blank=True)

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
    # How many of the rule's people got nothing: away, outside their hours, or with as many as they get on a day.
    absent = models.IntegerField(default=0)
    off_work = models.IntegerField(default=0)
    full = models.IntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    application_grants = APPEND

    class Meta:
        ordering = ("-id",)
        verbose_name = _("assignment by rule")
        verbose_name_plural = _("assignments by rule")
        indexes = [models.Index(F("organization"), F("lead"), F("id").desc(), name="assignment_of_lead")]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.rule_name}"


class AssignmentTally(TenantModel):
    """How many leads a rule gave a person on a day of the organisation. Counted where there are caps only."""

    rule = TenantForeignKey(AssignmentRule, on_delete=models.PROTECT, related_name="+")
    membership = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    given = models.IntegerField()

    class Meta:
        verbose_name = _("leads given on a day")
        verbose_name_plural = _("leads given on days")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "day", "membership", "rule"], name="assignment_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}, {self.day}: {self.given}"


class AssignmentLimit(SoftDeleteModel, TenantModel):
    """How many leads a person gets on a day of the organisation by all rules together."""

    membership = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    daily_cap = models.PositiveIntegerField(_("leads a day"))

    history = TrackedHistory()

    class Meta:
        ordering = ("id",)
        verbose_name = _("daily limit")
        verbose_name_plural = _("daily limits")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "membership"],
                condition=Q(deleted_at__isnull=True),
                name="assignment_limit_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.daily_cap}"


class WaitingReason(models.TextChoices):
    """Why a lead waits."""

    OFF_WORK = "off_work", _("Nobody is at work")
    FULL = "full", _("Everybody has as many leads as they get on a day")
    NO_RULE = "no_rule", _("No rule fits it any more")


class WaitingLead(TenantModel):
    """A lead that a rule fits and nobody may get yet: it is nobody's, and is given in the order of arrival.

    Without history: what became of the lead stands in the lead's own, and in `LeadAssignment`.
    """

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    line = TenantForeignKey(BusinessLine, on_delete=models.PROTECT, related_name="+")
    # The rule that it waits for: the first that fits it.
    rule = TenantForeignKey(AssignmentRule, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=WaitingReason.choices, db_collation="C")
    since = models.DateTimeField(default=timezone.now)
    # When it is looked at again; None: when the rules of its line change.
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("lead_id",)
        verbose_name = _("waiting lead")
        verbose_name_plural = _("waiting leads")
        constraints = [models.UniqueConstraint(fields=["organization", "lead"], name="waiting_lead_once")]
        indexes = [
            models.Index(F("organization"), F("line"), F("lead"), name="waiting_lead_of_line"),
            models.Index(F("organization"), F("until"), name="waiting_lead_due"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.reason}"
