"""The rules of a line that can be applied now: compiled, and with the people who may get leads.

Who has no access, is away today or, where the rule says so, is not at work now, gets nothing. A number of queries that
does not grow with people.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from accounts.models import Absence, Membership
from accounts.queries.calendar import absences_from, away_days, calendars_of
from accounts.queries.members import WORKING
from accounts.queries.memberships import subtree_ids, today
from accounts.working_time import WorkingCalendar
from core.models import Organization
from core.rules import Moment, RuleError, parse_rule
from core.rules.predicates import Predicate
from leads.fields.line import LineDefinition
from leads.models import AssignmentLimit, AssignmentRule, BusinessLine, Lead
from leads.services.assigning.places import Places, places_of
from leads.services.lead_rows import LeadRow


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """A rule with its condition compiled and the people who may get leads now, in the rule's order.

    `people` is empty where all of them are off work now: then what fits waits until `opens` says.
    """

    rule: AssignmentRule
    predicate: Predicate | None
    places: Places
    people: list[int]
    absent: int = 0
    off_work: int = 0
    # Member id → leads a day by all rules, of those who have such a limit.
    limits: Mapping[int, int] = field(default_factory=dict)
    # Of everybody with access, absences taken out; where the rule asks who is at work.
    calendars: Sequence[WorkingCalendar] = ()

    def fits(self, lead: Lead | LeadRow, moment: Moment) -> bool:
        """Whether a lead is one of this rule's."""
        return self.places.hold(lead) and (self.predicate is None or self.predicate(lead.data, moment))

    @property
    def is_capped(self) -> bool:
        """Whether anybody may get so many leads a day and no more."""
        return self.rule.daily_cap is not None or bool(self.limits)

    def opens(self, moment: dt.datetime) -> dt.datetime | None:
        """Return when, from a moment on, the first of its people is at work; None: never, as far as is known."""
        if not self.rule.only_at_work:
            return moment
        found = [each.next_working(moment) for each in self.calendars]
        return min((each for each in found if each is not None), default=None)


def ready_rules(line: BusinessLine, definition: LineDefinition) -> list[ReadyRule]:
    """Return the rules of a line that are in use and have somebody, in their order. One query without rules."""
    rules = list(AssignmentRule.objects.filter(line=line, is_active=True).order_by("position", "pk"))
    return made_ready(rules, definition, line.organization) if rules else []


def made_ready(
    rules: Sequence[AssignmentRule],
    definition: LineDefinition,
    organization: Organization,
    *,
    at_any_time: bool = False,
) -> list[ReadyRule]:
    """Return those of some rules that can be applied: they have somebody, and read only fields that there are.

    A rule that reads a field which is gone fits nothing, until somebody corrects it. With `at_any_time` everybody
    counts as being at work.
    """
    pools = {rule.pk: _pool(rule, organization) for rule in rules}
    people = _people({person for pool in pools.values() for person in pool}, organization)
    clocked = {
        person for rule in rules if rule.only_at_work and not at_any_time for person in pools[rule.pk]
    } & people.keys()
    calendars = _calendars(organization, clocked)
    now = timezone.now()
    found = []
    for rule in rules:
        pool = [person for person in pools[rule.pk] if person in people]
        present = [person for person in pool if not people[person].is_away]
        at_work, open_to = present, []
        if rule.only_at_work and not at_any_time:
            at_work = [person for person in present if calendars[person].is_working(now)]
            open_to = [calendars[person] for person in pool]
        try:
            predicate = _predicate(rule, definition)
        except RuleError:
            continue
        ready = ReadyRule(
            rule,
            predicate,
            places_of(rule, definition),
            at_work,
            absent=len(pool) - len(present),
            off_work=len(present) - len(at_work),
            limits={person: limit for person in at_work if (limit := people[person].limit) is not None},
            calendars=open_to,
        )
        if at_work or (present and ready.opens(now)):
            found.append(ready)
    return found


@dataclass(frozen=True, slots=True)
class _Person:
    is_away: bool
    limit: int | None


def _people(wanted: set[int], organization: Organization) -> dict[int, _Person]:
    """Those with access who work leads: whether they are away today, and how many leads a day they get. One query."""
    day = today(organization)
    away = Absence.objects.filter(membership=OuterRef("pk"), first_day__lte=day, last_day__gte=day)
    limit = AssignmentLimit.objects.filter(membership=OuterRef("pk")).values("daily_cap")
    rows = Membership.objects.filter(
        pk__in=wanted, is_active=True, user__is_active=True, roles__overlap=WORKING
    ).annotate(is_away=Exists(away), limit=Subquery(limit[:1]))
    return {pk: _Person(*told) for pk, *told in rows.values_list("pk", "is_away", "limit")}


def _calendars(organization: Organization, people: set[int]) -> dict[int, WorkingCalendar]:
    """When people work, their absences taken out. Three queries; none for nobody."""
    if not people:
        return {}
    day = today(organization)
    away = away_days(absences_from(day, people), day)
    calendars: dict[Any, WorkingCalendar] = calendars_of(organization, people)
    return {person: calendars[person].without(away.get(person, ())) for person in people}


def _pool(rule: AssignmentRule, organization: Organization) -> list[int]:
    below: list[int] = []
    if rule.team_id is not None:
        leader = Membership(pk=rule.team_id, organization=organization)
        below = [pk for pk in subtree_ids(leader) if pk != leader.pk]
    return list(dict.fromkeys([*rule.people, *below]))


def _predicate(rule: AssignmentRule, definition: LineDefinition) -> Predicate | None:
    """The condition of a rule over (data, moment). Raises RuleError where it reads what there is not."""
    return parse_rule(rule.condition, definition.kinds).compile() if rule.condition else None
