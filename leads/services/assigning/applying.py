"""Applying a line's rules: to leads that are about to be written, one or a thousand, and to one that stands.

A rule's turns are claimed once for a batch, by one statement that adds to its counter. The row stays locked until the
leads are committed, so parallel creations take turns exactly; rules are claimed in the order of their numbers, so
that two batches wait for one another in one order. Where people get so many leads a day, see `claiming`.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import teams_of
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.errors import Conflict
from core.rules import Moment
from core.scope import current_organization_id
from leads.fields.line import LineDefinition, line_definition
from leads.models import (
    AssignmentMethod,
    AssignmentRule,
    BusinessLine,
    Lead,
    LeadAssignment,
    WaitingLead,
    WaitingReason,
)
from leads.services.assigning.choosing import choose
from leads.services.assigning.claiming import Day, claim_turns, open_loads
from leads.services.assigning.ready import ReadyRule, ready_rules
from leads.services.lead_rows import LeadRow
from leads.services.leads_given import give_lead
from leads.services.locking import Precondition, locked_lead

COLUMNS = (
    "organization_id", "lead_id", "rule_id", "owner_id", "rule_name", "method", "turn", "among", "load", "absent",
    "off_work", "full", "at",
)  # fmt: skip
WAITING_COLUMNS = ("organization_id", "lead_id", "line_id", "rule_id", "reason", "since", "until")


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule decided about one lead; `turn` counts from 1. The last three: who of its people got nothing, why."""

    lead_id: int
    rule: AssignmentRule
    owner_id: int
    turn: int
    among: int
    load: int | None
    absent: int = 0
    off_work: int = 0
    full: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """That a rule fits a lead, and nobody may get it until then."""

    lead_id: int
    rule: AssignmentRule
    reason: WaitingReason
    until: dt.datetime


@dataclass(slots=True)
class Decision:
    """What the rules say about some leads, by lead id; of a lead that no rule fits, nothing."""

    given: dict[int, Given] = field(default_factory=dict)
    waiting: dict[int, Wait] = field(default_factory=dict)


def decide(
    line: BusinessLine,
    leads: Sequence[Lead | LeadRow],
    definition: LineDefinition,
    ready: Sequence[ReadyRule] | None = None,
) -> Decision:
    """Claim turns for the leads that rules fit; nothing else is written. `ready`: the line's, where they are known."""
    ready = ready_rules(line, definition) if ready is None else ready
    if not ready or not leads:
        return Decision()
    moment = Moment(timezone.now(), line.organization.zone)
    if any(each.is_capped for each in ready):
        return _decide_within_caps(ready, leads, moment)
    decision = Decision()
    by_rule: dict[int, tuple[ReadyRule, list[int]]] = {}
    for lead in leads:
        found = next((each for each in ready if each.fits(lead, moment)), None)
        if found is None:
            continue
        if found.people:
            by_rule.setdefault(found.rule.pk, (found, []))[1].append(_number(lead))
        elif (wait := _closed(found, lead, moment)) is not None:
            decision.waiting[wait.lead_id] = wait
    for _pk, (each, lead_ids) in sorted(by_rule.items()):
        decision.given.update({given.lead_id: given for given in _given(each, lead_ids)})
    return decision


def _decide_within_caps(
    ready: Sequence[ReadyRule], leads: Sequence[Lead | LeadRow], moment: Moment
) -> Decision:
    """Lead by lead: the first rule that fits and has somebody who gets another one today."""
    local = moment.now.astimezone(moment.timezone)
    day = Day(ready, local.date())
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), tzinfo=moment.timezone)
    decision = Decision()
    for lead in leads:
        waits: list[Wait] = []
        for each in ready:
            if not each.fits(lead, moment):
                continue
            if day.free(each):
                full = len(each.people) - len(day.free(each))
                owner_id, load, turn = day.take(each)
                decision.given[_number(lead)] = _told(each, _number(lead), owner_id, turn, load, full=full)
                break
            if not each.people:
                waits += filter(None, [_closed(each, lead, moment)])
                break
            if (until := each.opens(midnight)) is not None:
                waits.append(Wait(_number(lead), each.rule, WaitingReason.FULL, until))
        if waits and _number(lead) not in decision.given:
            first = min(waits, key=lambda wait: wait.until)
            decision.waiting[first.lead_id] = Wait(first.lead_id, waits[0].rule, waits[0].reason, first.until)
    day.write()
    return decision


def _closed(each: ReadyRule, lead: Lead | LeadRow, moment: Moment) -> Wait | None:
    """That nobody of the rule is at work; None where nobody will ever be."""
    until = each.opens(moment.now)
    return None if until is None else Wait(_number(lead), each.rule, WaitingReason.OFF_WORK, until)


def _number(lead: Lead | LeadRow) -> int:
    return lead.pk if isinstance(lead, Lead) else lead.id


def _given(ready: ReadyRule, lead_ids: Sequence[int]) -> Iterable[Given]:
    rule, count = ready.rule, len(lead_ids)
    turn = claim_turns(rule.pk, count)
    # Counted behind the lock: what others gave by this rule is committed by now.
    loads = open_loads(ready.people) if rule.method == AssignmentMethod.LEAST_LOADED else {}
    weights = dict(zip(rule.people, rule.weights, strict=False))
    chosen = choose(rule.method, ready.people, weights, turn=turn, count=count, loads=loads)
    for place, (lead_id, (owner_id, load)) in enumerate(zip(lead_ids, chosen, strict=True)):
        yield _told(ready, lead_id, owner_id, turn + place + 1, load)


def _told(
    each: ReadyRule, lead_id: int, owner_id: int, turn: int, load: int | None, *, full: int = 0
) -> Given:
    among = len(each.people) - full
    return Given(lead_id, each.rule, owner_id, turn, among, load, each.absent, each.off_work, full)


def assign_new_leads(line: BusinessLine, leads: Sequence[LeadRow], definition: LineDefinition) -> Decision:
    """Give leads that are about to be written their owners; hand the result to `keep_reasons` once they are.

    Those that wait are nobody's meanwhile.
    """
    decision = decide(line, leads, definition)
    if decision.given or decision.waiting:
        owners = {given.owner_id for given in decision.given.values()}
        teams = teams_of(line.organization, owners)
        for lead in leads:
            if (given := decision.given.get(lead.id)) is not None:
                lead.owner_id = given.owner_id
                lead.team_id = teams.get(given.owner_id)
            elif lead.id in decision.waiting:
                lead.owner_id = lead.team_id = None
    return decision


def keep_reasons(decision: Decision, *, line_id: int) -> None:
    """Write down why leads went where they did, and which wait for what."""
    organization_id, now = current_organization_id(), timezone.now().isoformat()
    rows = [
        (
            organization_id, given.lead_id, given.rule.pk, given.owner_id, given.rule.name, given.rule.method,
            given.turn, given.among, given.load, given.absent, given.off_work, given.full, now,
        )
        for given in decision.given.values()
    ]  # fmt: skip
    insert_rows(LeadAssignment, COLUMNS, rows)
    waiting = [
        (organization_id, wait.lead_id, line_id, wait.rule.pk, wait.reason.value, now, wait.until.isoformat())
        for wait in decision.waiting.values()
    ]
    if waiting:
        insert_rows(WaitingLead, WAITING_COLUMNS, waiting)


@transaction.atomic
def assign_by_rule(*, actor: Actor, reference: str, precondition: Precondition | None = None) -> Lead:
    """Give a lead to whom the rules of its line say, and tell that person.

    Raises:
        NotVisible, NotPermitted: as `assign_lead`; also where the rules choose somebody beyond the actor's reach.
        Conflict: no rule fits, or nobody of the rule that fits may get it now.
    """
    lead = locked_lead(actor, reference, "assign", precondition)
    actor.require(Area.LEADS, "assign")
    line = BusinessLine.objects.select_related("organization").get(pk=lead.line_id)
    decision = decide(line, [lead], line_definition(line))
    if (wait := decision.waiting.get(lead.pk)) is not None:
        raise Conflict("rule_waits", _waits(actor, wait))
    if lead.pk not in decision.given:
        raise Conflict("no_rule", "No assignment rule fits this lead. Choose a person, or add a rule.")
    owner = Membership.objects.select_related("organization").get(pk=decision.given[lead.pk].owner_id)
    give_lead(actor, lead, owner)
    keep_reasons(decision, line_id=line.pk)
    return lead


def _waits(actor: Actor, wait: Wait) -> str:
    moment = date_format(wait.until.astimezone(actor.organization.zone), "D j M, H:i")
    why: Mapping[str, str] = {
        WaitingReason.OFF_WORK: "nobody of it is at work",
        WaitingReason.FULL: "everybody of it has as many leads as they get on a day",
    }
    return f"The rule “{wait.rule}” fits, but {why[wait.reason]} until {moment}. Choose a person, or wait."
