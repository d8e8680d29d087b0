"""The rules for stalled leads of a line, read once per process for each change of them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from accounts.queries.calendar import calendar_of
from accounts.working_time import WorkingCalendar
from core.models import Organization
from leads.due_times import after_minutes
from leads.models import BusinessLine, StallGives, StallRule, StallStepKind, StallTrigger


class Waiting(Protocol):
    """What a rule looks at in a lead, or in the row of one."""

    status: str
    stage: str


@dataclass(frozen=True, slots=True)
class ReadyStallRule:
    """A rule in use. `plan`: what is done, and how many minutes after the step before it.

    `calendar`: the organisation's, whose minutes count; None: all do.
    """

    id: int
    name: str
    trigger: StallTrigger
    statuses: frozenset[str]
    stages: frozenset[str]
    plan: tuple[tuple[StallStepKind, int], ...]
    gives_to: StallGives
    calendar: WorkingCalendar | None = None

    def due(self, step: int, since: dt.datetime) -> dt.datetime | None:
        """Return when a step is due that is waited for since a moment; None where there is no such step, or nobody
        ever works."""
        if step >= len(self.plan):
            return None
        return after_minutes(since, self.plan[step][1], self.calendar)

    def fits(self, lead: Waiting, *, is_contacted: bool) -> bool:
        """Whether a lead waits by this rule."""
        if self.trigger is StallTrigger.NOT_CONTACTED and is_contacted:
            return False
        return lead.status in self.statuses and (not self.stages or lead.stage in self.stages)


def stall_rules(line: BusinessLine) -> tuple[ReadyStallRule, ...]:
    """Return the rules of a line that are in use, in their order; without any, without asking the database."""
    return _read(line.pk, line.stall_token) if line.stall_token else ()


@lru_cache(maxsize=512)
def _read(line_id: int, token: int) -> tuple[ReadyStallRule, ...]:
    # The calendar is read with them: where it changes, the line's token is drawn anew (`follow_calendar`).
    rules = list(
        StallRule.objects.filter(line_id=line_id, is_active=True)
        .select_related("organization")
        .order_by("position", "pk")
    )
    counted = next((rule.organization for rule in rules if rule.in_working_hours), None)
    calendar = working_time_of(counted) if counted is not None else None
    return tuple(made_ready(rule, calendar) for rule in rules)


def working_time_of(organization: Organization) -> WorkingCalendar:
    """Return the calendar by which leads of an organisation wait: with all holidays, as it may have begun long ago."""
    return calendar_of(organization, since=dt.date.min)


def made_ready(rule: StallRule, calendar: WorkingCalendar | None) -> ReadyStallRule:
    """Return a rule as it is applied, in an organisation that has this calendar."""
    plan = [(StallStepKind.OWNER, rule.owner_after)]
    if rule.leader_after is not None:
        plan.append((StallStepKind.LEADER, rule.leader_after))
    if rule.gives_to != StallGives.NOBODY and rule.give_after is not None:
        plan.append((StallStepKind.GIVEN, rule.give_after))
    return ReadyStallRule(
        rule.pk,
        rule.name,
        StallTrigger(rule.trigger),
        frozenset(rule.statuses),
        frozenset(rule.stages),
        tuple(plan),
        StallGives(rule.gives_to),
        calendar if rule.in_working_hours else None,
    )


def rule_for(rules: Iterable[ReadyStallRule], lead: Waiting, *, is_contacted: bool) -> ReadyStallRule | None:
    """Return the rule by which a lead waits."""
    return next((rule for rule in rules if rule.fits(lead, is_contacted=is_contacted)), None)
