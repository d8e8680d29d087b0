"""Leads with which nothing happens: rules of a line that say when, a clock for each lead, what was done about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import OPEN_STATUSES, Lead
from leads.models.line import BusinessLine


class StallTrigger(models.TextChoices):
    """What has to be missing for a lead to stall."""

    NO_ACTIVITY = "no_activity", _("Nothing happens")
    NOT_CONTACTED = "not_contacted", _("Nobody calls or writes to the person")


class StallGives(models.TextChoices):
    """To whom a stalled lead goes in the end."""

    NOBODY = "nobody", _("It stays where it is")
    RULES = "rules", _("To whom the assignment rules say")
    LEADER = "leader", _("To the team leader")


def open_statuses() -> list[str]:
    """Return the statuses of leads that wait for somebody."""
    return [status.value for status in OPEN_STATUSES]


class StallRule(TenantModel):
    """How long leads of a line, in some statuses and stages, may wait, and what happens then.

    The first rule in the order of `position` that fits a lead counts. Its owner is told when the limit is over, the
    leader of the team later, and later still somebody else may get the lead. All times are minutes: of the
    organisation's working time, or by the clock.
    """

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveIntegerField(_("order"), default=1)
    is_active = models.BooleanField(_("in use"), default=True)
    trigger = models.CharField(
        _("what is missing"),
        max_length=20,
        choices=StallTrigger.choices,
        default=StallTrigger.NO_ACTIVITY,
        db_collation="C",
    )
    statuses = ArrayField(
        models.CharField(max_length=20), default=open_statuses, blank=True, verbose_name=_("statuses")
    )
    # None: any.
    stages = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("stages"))
    in_working_hours = models.BooleanField(_("only working time counts"), default=True)
    owner_after = models.PositiveIntegerField(_("the owner is told after"))
    # Counted from when the owner was told; without it the leader is not told.
    leader_after = models.PositiveIntegerField(_("the leader is told after"), null=True, blank=True)
    # Counted from the step before.
    gives_to = models.CharField(
        _("who gets it then"),
        max_length=20,
        choices=StallGives.choices,
        default=StallGives.NOBODY,
        db_collation="C",
    )
    give_after = models.PositiveIntegerField(_("somebody else gets it after"), null=True, blank=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("line", "position", "id")
        verbose_name = _("rule for stalled leads")
        verbose_name_plural = _("rules for stalled leads")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "name"], name="stall_rule_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class StallClock(TenantModel):
    """How long a lead waits: since when, by which rule, how many steps were taken, and when the next is due.

    A row for each live lead that a rule fits. Follows from the lead and what was done with it, so it has no history.
    """

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    rule = TenantForeignKey(StallRule, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    step = models.PositiveSmallIntegerField(default=0)
    # From when the next step is counted, once one was taken; so that it can be counted again by another calendar.
    step_since = models.DateTimeField(null=True, blank=True)
    # Null once every step is taken.
    due_at = models.DateTimeField(null=True, blank=True)
    # When the first step was taken; null while the lead does not stall.
    stalled_at = models.DateTimeField(null=True, blank=True)
    # Of the lead, so that stalled leads are read newest first off the index alone.
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("clock of a lead")
        verbose_name_plural = _("clocks of leads")
        constraints = [models.UniqueConstraint(fields=["organization", "lead"], name="stall_clock_once")]
        indexes = [
            # What the periodic look reads, however many leads there are.
            models.Index(
                fields=["organization", "due_at", "lead"],
                name="stall_clock_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                F("organization"),
                F("created_at").desc(),
                F("lead").desc(),
                name="stall_clock_newest",
                condition=Q(stalled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.rule_id}"


class StallStepKind(models.TextChoices):
    """What was done about a stalled lead."""

    OWNER = "owner", _("Told the owner")
    LEADER = "leader", _("Told the leader")
    GIVEN = "given", _("Gave it to somebody else")


class StallStep(TenantModel):
    """That a rule did something about a stalled lead. Never changed."""

    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    rule = TenantForeignKey(StallRule, on_delete=models.PROTECT, related_name="+")
    # As it was then: the rule may have changed since.
    rule_name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=StallStepKind.choices, db_collation="C")
    # Who was told, or got it; nobody where there was nobody.
    whom = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    since = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)

    application_grants = APPEND

    class Meta:
        ordering = ("-id",)
        verbose_name = _("step about a stalled lead")
        verbose_name_plural = _("steps about stalled leads")
        indexes = [
            models.Index(
                F("organization"), F("lead"), F("at").desc(), F("id").desc(), name="stall_step_of_lead"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.rule_name}"
