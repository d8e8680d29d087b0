"""The rules for stalled leads of a line, read once per process for each change of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from leads.models import BusinessLine, StallGives, StallRule, StallStepKind, StallTrigger


class Waiting(Protocol):
    """What a rule looks at in a lead, or in the row of one."""

    status: str
    stage: str


@dataclass(frozen=True, slots=True)
class ReadyStallRule:
    """A rule in use. `plan`: what is done, and how many minutes after the step before it."""

    id: int
    name: str
    trigger: StallTrigger
    statuses: frozenset[str]
    stages: frozenset[str]
    plan: tuple[tuple[StallStepKind, int], ...]
    gives_to: StallGives

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
    rules = StallRule.objects.filter(line_id=line_id, is_active=True).order_by("position", "pk")
    return tuple(map(made_ready, rules))


def made_ready(rule: StallRule) -> ReadyStallRule:
    """Return a rule as it is applied."""
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
    )


def rule_for(rules: Iterable[ReadyStallRule], lead: Waiting, *, is_contacted: bool) -> ReadyStallRule | None:
    """Return the rule by which a lead waits."""
    return next((rule for rule in rules if rule.fits(lead, is_contacted=is_contacted)), None)
