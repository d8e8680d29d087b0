"""Trying a rule, in use or not, on leads that have come: nothing is counted and nothing written."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.utils import timezone

from accounts.actor import Actor
from core.rules import Moment
from leads.fields.line import LineDefinition, line_definition
from leads.models import AcceptanceRule
from leads.queries.leads import visible_leads
from leads.services.accepting.gate import CAP, CLOSED, REFUSED, ReadyRule, compiled

DAYS = 30
MOST = 20_000


@dataclass(frozen=True, slots=True)
class AcceptanceTrial:
    """What a rule would have done to the leads of its source in the last days. `is_cut`: to the newest of them."""

    days: int
    looked_at: int
    taken: int
    refused: int
    over_cap: int
    outside: int
    is_cut: bool


def try_acceptance_rule(actor: Actor, rule: AcceptanceRule, *, days: int = DAYS) -> AcceptanceTrial:
    """Return what the rule by itself, were it not paused, would have done to the leads that came, as they are now."""
    zone = actor.organization.zone
    since = timezone.now() - timedelta(days=days)
    leads = visible_leads(actor).filter(source_id=rule.source_id, created_at__gte=since)
    if rule.line_id is not None:
        leads = leads.filter(line_id=rule.line_id)
    rows = list(leads.order_by("-created_at", "-pk").values_list("created_at", "data")[: MOST + 1])
    is_cut = len(rows) > MOST
    definition = line_definition(rule.line) if rule.line is not None else None
    judge = _Days(rule, definition)
    told: Counter[str] = Counter()
    for created_at, data in reversed(rows[:MOST]):
        told[judge.judge(created_at.astimezone(zone).date(), data, Moment(created_at, zone))] += 1
    return AcceptanceTrial(days, sum(told.values()), told[""], told[REFUSED], told[CAP], told[CLOSED], is_cut)


class _Days:
    """A rule going through days gone by, each with the room of its caps."""

    def __init__(self, rule: AcceptanceRule, definition: LineDefinition | None) -> None:
        self.rule = AcceptanceRule(
            **{
                name: getattr(rule, name)
                for name in ("name", "accepts_from", "accepts_until", "daily_cap", "monthly_cap")
            }
        )
        predicate = compiled(rule, definition) if definition is not None else None
        self.ready = ReadyRule(self.rule, predicate, rule.daily_cap, rule.monthly_cap)
        self.day: date | None = None

    def judge(self, day: date, data: dict[str, object], moment: Moment) -> str:
        """The code of the refusal, "" for none."""
        if self.day != day:
            same_month = self.day is not None and self.day.replace(day=1) == day.replace(day=1)
            month = self.ready.room_this_month if same_month else self.rule.monthly_cap
            self.ready = replace(self.ready, room_today=self.rule.daily_cap, room_this_month=month)
            self.day = day
        refused = self.ready.judge(data, day, moment)
        if refused is not None:
            return refused.code
        self.ready.take()
        return ""
