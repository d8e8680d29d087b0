"""Which leads stall, since when, and what was done about it."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Expression, OuterRef, Q, QuerySet, Value
from django.db.models.fields import BooleanField
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from accounts.roles import Area, Level
from core.rules import Column, Kind
from leads.models import Lead, StallClock, StallRule, StallStep
from leads.queries.columns import NEWEST, NOTHING, Probe, RowMatch
from leads.queries.leads import visible_leads

SHOWN = "stalled_since"


def visible_stall_rules(actor: Actor) -> QuerySet[StallRule]:
    """Return the rules that the actor may read, with their lines."""
    rules = StallRule.objects.select_related("line")
    return rules if actor.may(Area.CONFIGURATION, "read") else rules.none()


def stall_steps_of(lead_id: int) -> QuerySet[StallStep]:
    """Return what was done about a lead that the actor may see (`get_lead`), with whom it was told or given."""
    return StallStep.objects.filter(lead_id=lead_id).select_related("whom__user")


def look_up_stalled(leads: Iterable[Lead]) -> None:
    """Let leads know since when they stall: one query, none where no line has rules for it."""
    watched = [lead for lead in leads if lead.line.stall_token]
    if not watched:
        return
    rows = StallClock.objects.filter(lead__in=[lead.pk for lead in watched], stalled_at__isnull=False)
    since = dict(rows.values_list("lead_id", "stalled_at"))
    for lead in watched:
        setattr(lead, SHOWN, since.get(lead.pk))


def stalled_since(lead: Lead) -> dt.datetime | None:
    """Return since when a lead stalls; nothing is asked where it was looked up, or its line has no rules for it."""
    if not lead.line.stall_token:
        return None
    if not hasattr(lead, SHOWN):
        look_up_stalled([lead])
    found: dt.datetime | None = getattr(lead, SHOWN)
    return found


def stalled_leads(actor: Actor) -> QuerySet[Lead]:
    """Return the leads that stall and are the actor's to see to, those that stall longest first.

    A leader's are those of the team; who sees to all leads has the own ones here, and the list for the others.
    """
    leads = visible_leads(actor, verb="write")
    if actor.level(Area.LEADS, "write") is Level.ALL:
        leads = leads.filter(owner=actor.membership) if actor.membership else leads.none()
    clocks = StallClock.objects.filter(lead_id=OuterRef("pk"), stalled_at__isnull=False)
    since = clocks.values("stalled_at")[:1]
    return (
        leads.filter(Exists(clocks))
        .annotate(**{SHOWN: since})
        .select_related("line", "source", "campaign", "owner__user", "team__user")
        .order_by(SHOWN, "pk")
    )


class StalledColumn(Column):
    """Whether a lead stalls. The leads that do are rows of an index, newest first; of others there is no row."""

    kind = Kind.BOOLEAN

    def expression(self) -> Expression:
        return Coalesce(_stalled(), Value(False), output_field=BooleanField())

    def exact_expression(self) -> Expression:
        return self.expression()

    def present(self) -> Q:
        return ~NOTHING

    def equal(self, value: Any, *, exact: bool = False) -> Q:
        found = Q(_stalled())
        return found if value else ~found

    def one_of(self, values: Any, *, exact: bool = False) -> Q:
        wanted = {bool(value) for value in values}
        return ~NOTHING if len(wanted) == 2 else self.equal(wanted.pop()) if wanted else NOTHING


def _stalled() -> Probe:
    return Probe(
        RowMatch(
            StallClock,
            "rule_id",
            lambda name: Q(**{f"{name}__isnull": False}),
            Q(stalled_at__isnull=False),
            NEWEST,
            equality=True,
        )
    )
