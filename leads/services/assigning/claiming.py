"""Claiming turns of rules, and room for leads where people get so many a day and no more.

A rule's counter stays locked until the leads are committed, so that parallel creations take turns exactly. Where some
rule of a line is capped, the counters of all its rules are locked first, in the order of their numbers, because it is
not known which of them will be full; behind the locks the tallies of the day are those of everybody who was earlier.
Limits of people hold over all rules of all lines: whoever gives by them waits for one lock of the organisation.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.db import connection
from django.db.models import Count

from core.scope import current_organization_id
from leads.models import OPEN_STATUSES, AssignmentMethod, AssignmentTally, Lead
from leads.services.assigning.choosing import choose
from leads.services.assigning.ready import ReadyRule

CLAIM = """
INSERT INTO leads_assignmentturn AS turn (organization_id, rule_id, given) VALUES (%s, %s, %s)
    ON CONFLICT (organization_id, rule_id) DO UPDATE SET given = turn.given + EXCLUDED.given
RETURNING given - %s
"""
# Each row is locked as it comes, in the order of the array.
CLAIM_ALL = """
INSERT INTO leads_assignmentturn AS turn (organization_id, rule_id, given)
SELECT %s, counted.rule, counted.more FROM unnest(%s::bigint[], %s::bigint[]) AS counted (rule, more)
    ON CONFLICT (organization_id, rule_id) DO UPDATE SET given = turn.given + EXCLUDED.given
RETURNING rule_id, given
"""
COUNT_DAY = """
INSERT INTO leads_assignmenttally AS tally (organization_id, day, rule_id, membership_id, given)
SELECT %s, %s, counted.rule, counted.member, counted.more
  FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS counted (rule, member, more)
    ON CONFLICT (organization_id, day, membership_id, rule_id) DO UPDATE SET given = tally.given + EXCLUDED.given
"""


def claim_turns(rule_id: int, count: int) -> int:
    """Claim so many turns of a rule; return how many it had given before."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [current_organization_id(), rule_id, count, count])
        return int(cursor.fetchone()[0])


def open_loads(people: Sequence[int]) -> dict[int, int]:
    """Return member id → how many open leads the member owns."""
    counted = Lead.objects.filter(owner_id__in=people, status__in=OPEN_STATUSES).order_by()
    return dict(counted.values_list("owner_id").annotate(Count("pk")))


class Day:
    """What the rules of a line may still give today. Made behind the locks; `write` says what was given of it."""

    def __init__(self, ready: Sequence[ReadyRule], day: dt.date) -> None:
        self.day = day
        self.turns = self._lock(ready)
        self.by_rule: Counter[tuple[int, int]] = Counter()
        self.by_person: Counter[int] = Counter()
        people = {person for each in ready if each.is_capped for person in each.people}
        rows = AssignmentTally.objects.filter(day=day, membership__in=people)
        for rule_id, person, given in rows.values_list("rule_id", "membership_id", "given"):
            self.by_rule[rule_id, person] += given
            self.by_person[person] += given
        self.more: Counter[tuple[int, int]] = Counter()
        self._free: dict[int, list[int]] = {}
        self._loads: dict[int, dict[int, int]] = {}

    @staticmethod
    def _lock(ready: Sequence[ReadyRule]) -> dict[int, int]:
        organization_id = current_organization_id()
        rules = sorted(each.rule.pk for each in ready)
        with connection.cursor() as cursor:
            if any(each.limits for each in ready):
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"leads.daily_limits:{organization_id}"]
                )
            cursor.execute(CLAIM_ALL, [organization_id, rules, [0] * len(rules)])
            return dict(cursor.fetchall())

    def free(self, each: ReadyRule) -> list[int]:
        """Return the people of a rule who may get one more, in the rule's order."""
        found = self._free.get(each.rule.pk)
        if found is None:
            found = [person for person in each.people if self._has_room(each, person)]
            self._free[each.rule.pk] = found
        return found

    def _has_room(self, each: ReadyRule, person: int) -> bool:
        cap, limit = each.rule.daily_cap, each.limits.get(person)
        return (cap is None or self.by_rule[each.rule.pk, person] < cap) and (
            limit is None or self.by_person[person] < limit
        )

    def take(self, each: ReadyRule) -> tuple[int, int | None, int]:
        """Choose who of the free ones gets a lead; return the person, the person's open leads, and the turn."""
        rule, people = each.rule, self.free(each)
        weights = dict(zip(rule.people, rule.weights, strict=False))
        loads = self._loads_of(each)
        turn = self.turns[rule.pk]
        [(person, load)] = choose(rule.method, people, weights, turn=turn, count=1, loads=loads)
        self.turns[rule.pk] += 1
        self.by_rule[rule.pk, person] += 1
        self.by_person[person] += 1
        self.more[rule.pk, person] += 1
        for counted in self._loads.values():
            if person in counted:
                counted[person] += 1
        limit = each.limits.get(person)
        if limit is not None and self.by_person[person] >= limit:
            self._free = {pk: [one for one in free if one != person] for pk, free in self._free.items()}
        elif not self._has_room(each, person):
            self._free[rule.pk] = [one for one in people if one != person]
        return person, load, turn + 1

    def _loads_of(self, each: ReadyRule) -> dict[int, int]:
        if each.rule.method != AssignmentMethod.LEAST_LOADED:
            return {}
        if each.rule.pk not in self._loads:
            loads = open_loads(each.people)
            self._loads[each.rule.pk] = {person: loads.get(person, 0) for person in each.people}
        return self._loads[each.rule.pk]

    def write(self) -> None:
        """Write down what was given: two statements, in the order of the locks."""
        if not self.more:
            return
        by_rule: Counter[int] = Counter()
        for (rule_id, _person), more in self.more.items():
            by_rule[rule_id] += more
        rules = sorted(by_rule)
        keys = sorted(self.more)
        organization_id = current_organization_id()
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_ALL, [organization_id, rules, [by_rule[rule] for rule in rules]])
            cursor.execute(
                COUNT_DAY,
                [
                    organization_id,
                    self.day,
                    [rule for rule, _person in keys],
                    [person for _rule, person in keys],
                    [self.more[key] for key in keys],
                ],
            )
