"""The one gate through which new leads go, one or a thousand, whichever door they come through.

A rule with caps is locked from the moment its counts are read until the leads are committed, so parallel creations
never take more than there is room for; rules are locked in the order of their numbers, before leads and keys, so that
two batches wait for one another in one order. Only new leads go through: a repeat takes no place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from core.database.bulk import insert_rows
from core.database.compiled import CompiledQuery
from core.errors import ApplicationError, Conflict, FieldError, TooMany
from core.rules import Moment, RuleError, parse_rule
from core.rules.predicates import Predicate
from core.scope import current_organization_id
from leads.fields.line import LineDefinition
from leads.models import AcceptanceCount, AcceptanceRule, BusinessLine, LeadAdmission

FIELD = "source"
REFUSED, CLOSED, CAP = "refused", "closed", "cap"
ADMISSION_COLUMNS = ("organization_id", "lead_id", "rule_id", "day")
# In the order of the rules: two batches that count for the same ones wait for one another in one order.
COUNT = """
INSERT INTO leads_acceptancecount AS counted (organization_id, rule_id, day, taken)
SELECT %s, given.rule_id, %s, given.more FROM unnest(%s::bigint[], %s::int[]) AS given (rule_id, more) ORDER BY 2
    ON CONFLICT (organization_id, rule_id, day) DO UPDATE SET taken = counted.taken + EXCLUDED.taken
"""
GIVE_BACK = """
WITH gone AS (
    DELETE FROM leads_leadadmission WHERE organization_id = %(organization)s AND lead_id = ANY(%(leads)s)
    RETURNING rule_id, day),
     fewer AS (SELECT rule_id, day, count(*) AS number FROM gone GROUP BY rule_id, day)
UPDATE leads_acceptancecount AS counted SET taken = GREATEST(counted.taken - fewer.number, 0) FROM fewer
 WHERE counted.organization_id = %(organization)s AND counted.rule_id = fewer.rule_id AND counted.day = fewer.day
"""


class SourceRefused(Conflict):
    """The enquiry is sound, and its source does not take such leads."""


class SourceClosed(Conflict):
    """The source takes no leads now."""


class SourceFull(TooMany):
    """The source has taken as many leads as it takes. `wait`: seconds until it takes some again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a rule does not take a lead. `wait` is of caps alone: seconds until there is room again."""

    rule: AcceptanceRule
    code: str
    message: str
    wait: int = 0

    @property
    def reason(self) -> str:
        """`source:code`, as it is counted everywhere."""
        return f"{FIELD}:{self.code}"

    def error(self) -> ApplicationError:
        """Return the error that tells it."""
        error: ApplicationError
        match self.code:
            case "cap":
                error = SourceFull("source_cap", self.message, self.wait)
            case "closed":
                error = SourceClosed("source_closed", self.message)
            case _:
                error = SourceRefused("source_refused", self.message)
        error.fields = {FIELD: [FieldError(self.code, self.message)]}
        return error


@dataclass(slots=True)
class ReadyRule:
    """A rule with its condition compiled, and how much room its caps leave; None: as much as one likes."""

    rule: AcceptanceRule
    predicate: Predicate | None
    room_today: int | None = None
    room_this_month: int | None = None

    def judge(self, data: Mapping[str, Any], today: date, moment: Moment) -> Refused | None:
        """Say why the rule refuses a lead with these values; None where it takes it."""
        rule = self.rule
        if rule.is_paused:
            return Refused(rule, CLOSED, rule.message or "This source takes no leads at the moment.")
        if rule.accepts_from and today < rule.accepts_from:
            told = rule.message or f"This source takes leads from {rule.accepts_from:%d %b %Y} on."
            return Refused(rule, CLOSED, told)
        if rule.accepts_until and today > rule.accepts_until:
            told = rule.message or f"This source took leads until {rule.accepts_until:%d %b %Y}."
            return Refused(rule, CLOSED, told)
        if self.predicate is not None and not self.predicate(data, moment):
            told = rule.message or f"This source does not take such leads: “{rule.name}” does not fit."
            return Refused(rule, REFUSED, told)
        return self._judge_room(moment)

    def _judge_room(self, moment: Moment) -> Refused | None:
        rule = self.rule
        if self.room_this_month is not None and self.room_this_month <= 0:
            told = rule.message or f"This source has taken its {rule.monthly_cap} leads of this month."
            return Refused(rule, CAP, told, _seconds_until(moment, month=True))
        if self.room_today is not None and self.room_today <= 0:
            told = rule.message or f"This source has taken its {rule.daily_cap} leads of today."
            return Refused(rule, CAP, told, _seconds_until(moment, month=False))
        return None

    def take(self) -> None:
        """Use up a place."""
        if self.room_today is not None:
            self.room_today -= 1
        if self.room_this_month is not None:
            self.room_this_month -= 1


@dataclass(slots=True)
class Gate:
    """The rules that some new leads of one line have to pass, with the room there is.

    `lets_in`: somebody has decided that they come in; they are counted all the same.
    """

    line: BusinessLine
    moment: Moment
    today: date
    by_source: dict[int, list[ReadyRule]] = field(default_factory=dict)
    lets_in: bool = False
    # Places in the batch, with the rules whose caps count them.
    _admitted: dict[int, list[ReadyRule]] = field(default_factory=dict)
    _rooms: list[tuple[ReadyRule, int | None, int | None]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        line: BusinessLine,
        definition: LineDefinition,
        source_ids: Iterable[int | None],
        *,
        lets_in: bool = False,
        locks: bool = True,
    ) -> "Gate | None":
        """Return the gate for leads of these sources; None where no rule is in their way. One query then.

        `locks`: rules with caps stay locked until the transaction ends; a dry run leaves that.
        """
        wanted = sorted({each for each in source_ids if each is not None})
        if not wanted:
            return None
        rules = RULES_IN_THE_WAY(line=line.pk, sources=wanted)
        if not rules:
            return None
        counting = [rule.pk for rule in rules if rule.has_caps]
        if locks and counting:
            # As they are behind the lock: somebody may just have changed them.
            fresh = {rule.pk: rule for rule in lock_rules(line, counting)}
            rules = [fresh.get(rule.pk, rule) for rule in rules]
        now = timezone.now()
        gate = cls(
            line,
            Moment(now, line.organization.zone),
            now.astimezone(line.organization.zone).date(),
            lets_in=lets_in,
        )
        for ready in made_ready(rules, definition, gate.today):
            gate.by_source.setdefault(ready.rule.source_id, []).append(ready)
        return gate

    def begin(self) -> None:
        """Judge a batch, from the room that there was at first: an attempt that failed has taken none."""
        if not self._rooms:
            every = [ready for rules in self.by_source.values() for ready in rules]
            self._rooms = [(ready, ready.room_today, ready.room_this_month) for ready in every]
        for ready, today, month in self._rooms:
            ready.room_today, ready.room_this_month = today, month
        self._admitted = {}

    def admit(self, place: int, source_id: int | None, data: Mapping[str, Any]) -> Refused | None:
        """Take the new lead at that place of the batch, or say why not."""
        rules = self.by_source.get(source_id, []) if source_id is not None else []
        if not self.lets_in:
            for ready in rules:
                if (refused := ready.judge(data, self.today, self.moment)) is not None:
                    return refused
        for ready in rules:
            ready.take()
        if counting := [ready for ready in rules if ready.rule.has_caps]:
            self._admitted[place] = counting
        return None

    def keep_places(self, lead_ids: Mapping[int, int]) -> None:
        """Write down who has a place: place in the batch → lead. The leads are written."""
        taken = Counter(ready.rule.pk for rules in self._admitted.values() for ready in rules)
        if not taken:
            return
        organization_id, day = current_organization_id(), self.today.isoformat()
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [organization_id, self.today, list(taken), list(taken.values())])
        rows = [
            (organization_id, lead_ids[place], ready.rule.pk, day)
            for place, rules in sorted(self._admitted.items())
            for ready in rules
        ]
        insert_rows(LeadAdmission, ADMISSION_COLUMNS, rows)


def rules_of(line: BusinessLine) -> Any:
    """Return the rules that concern leads of a line, in the order in which they are locked."""
    return _rules_of(line.pk)


def _rules_of(line_id: int) -> Any:
    return AcceptanceRule.objects.filter(Q(line_id=line_id) | Q(line__isnull=True)).order_by("pk")


# Every new lead of a source asks for these, so they are composed once.
RULES_IN_THE_WAY = CompiledQuery[AcceptanceRule](
    lambda line, sources: _rules_of(line).filter(is_active=True, source_id__any=sources),
    line=int,
    sources=str,
)


def lock_rules(line: BusinessLine, rule_ids: Sequence[int] | None = None) -> list[AcceptanceRule]:
    """Lock rules with caps that concern a line until the transaction ends, and return them as they are."""
    rules = rules_of(line).filter(Q(daily_cap__isnull=False) | Q(monthly_cap__isnull=False))
    if rule_ids is not None:
        rules = rules_of(line).filter(pk__in=rule_ids)
    return list(rules.select_for_update(no_key=True, of=("self",)))


def made_ready(
    rules: Iterable[AcceptanceRule], definition: LineDefinition, today: date
) -> Iterable[ReadyRule]:
    """Compile rules and read how much room their caps leave: two queries at most, however many they are."""
    in_use = [rule for rule in rules if rule.is_active]
    counting = [rule.pk for rule in in_use if rule.has_caps]
    used = used_places(counting, today) if counting else {}
    for rule in in_use:
        ready = ReadyRule(rule, compiled(rule, definition))
        of_day, of_month = used.get(rule.pk, (0, 0))
        if rule.daily_cap is not None:
            ready.room_today = rule.daily_cap - of_day
        if rule.monthly_cap is not None:
            ready.room_this_month = rule.monthly_cap - of_month
        yield ready


def compiled(rule: AcceptanceRule, definition: LineDefinition) -> Predicate | None:
    """The condition of a rule over (data, moment). One that cannot be read any more keeps nobody out."""
    if rule.condition is None:
        return None
    try:
        return parse_rule(rule.condition, definition.kinds).compile()
    except RuleError:
        return None


def used_places(rule_ids: Iterable[int], today: date) -> dict[int, tuple[int, int]]:
    """Return of rules how many leads they have taken today and this month. One query."""
    counts = AcceptanceCount.objects.filter(
        rule_id__in=list(rule_ids), day__gte=today.replace(day=1), day__lte=today
    )
    sums = (
        counts.order_by()
        .values("rule_id")
        .annotate(of_month=Sum("taken"), of_day=Sum("taken", filter=Q(day=today)))
    )
    return {each["rule_id"]: (each["of_day"] or 0, each["of_month"] or 0) for each in sums}


def give_back(lead_ids: Sequence[int]) -> None:
    """Give back the places of leads that are taken back as if they had never come; their rules are locked."""
    if lead_ids:
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, {"organization": current_organization_id(), "leads": list(lead_ids)})


def _seconds_until(moment: Moment, *, month: bool) -> int:
    """How long it takes until the next day, or the next month, begins in the organisation."""
    now = moment.now.astimezone(moment.timezone)
    day = now.date()
    begins = (day.replace(day=1) + timedelta(days=32)).replace(day=1) if month else day + timedelta(days=1)
    midnight = now.replace(
        year=begins.year, month=begins.month, day=begins.day, hour=0, minute=0, second=0, microsecond=0
    )
    return max(int(midnight.timestamp() - now.timestamp()), 1)
