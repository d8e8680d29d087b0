"""Starting, renewing and stopping the clocks of leads, in the transaction of what happened with them.

Whoever calls has locked the leads, and so has who takes the steps: a call that is logged at the last moment comes
before the step or after it. Lines without rules have no clocks: their leads are written without a query more.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from core.database.bulk import insert_rows
from leads.models import BusinessLine, Engagement, Lead, StallClock, StallTrigger
from leads.services.lead_rows import LeadRow
from leads.services.lines import pin_line
from leads.services.stalling.ready import ReadyStallRule, rule_for, stall_rules

COLUMNS = ("organization_id", "lead_id", "rule_id", "since", "step", "due_at", "created_at")


def start_clocks(line: BusinessLine, leads: Sequence[LeadRow]) -> None:
    """Start the clocks of new leads of a pinned line."""
    rules = stall_rules(line)
    if not rules or not leads:
        return
    rows: list[tuple[Any, ...]] = []
    # The leads of a batch begin to wait together: working time is counted once.
    dues: dict[tuple[int, dt.datetime], dt.datetime | None] = {}
    for lead in leads:
        if (rule := rule_for(rules, lead, is_contacted=False)) is not None:
            waiting = (rule.id, lead.created_at)
            if waiting not in dues:
                dues[waiting] = rule.due(0, lead.created_at)
            due, begun = dues[waiting], lead.created_at.isoformat()
            moments = (begun, 0, due.isoformat() if due else None, begun)
            rows.append((lead.organization_id, lead.id, rule.id, *moments))
    insert_rows(StallClock, COLUMNS, rows)


def note_activity(lead: Lead) -> None:
    """Something was done with a locked lead: what it waits for begins again, or is over."""
    _renew_found(lead, is_given=False)


def note_given(lead: Lead) -> None:
    """Somebody else has a locked lead now, and all the time that there is for it."""
    _renew_found(lead, is_given=True)


def note_given_many(lead_ids: Collection[int]) -> None:
    """The same of many locked leads, by few queries."""
    waiting = list(StallClock.objects.filter(lead__in=lead_ids).values_list("lead_id", flat=True))
    by_line: dict[int, list[Lead]] = {}
    for lead in Lead.objects.filter(pk__in=waiting).order_by("pk") if waiting else ():
        by_line.setdefault(lead.line_id, []).append(lead)
    for line_id, leads in sorted(by_line.items()):
        renew_clocks(pin_line(line_id), leads, is_given=True)


def _renew_found(lead: Lead, *, is_given: bool) -> None:
    # A lead without a clock waits for nothing, and what was done cannot make it wait: its state is as it was.
    if StallClock.objects.filter(lead=lead).exists():
        renew_clocks(pin_line(lead.line_id), [lead], is_given=is_given)


def renew_clocks(line: BusinessLine, leads: Sequence[Lead], *, is_given: bool = False) -> None:
    """Bring the clocks of locked leads of a pinned line to what was just done with them.

    Who waits to be contacted goes on waiting, whatever else is done, unless the lead was given to somebody.
    """
    rules = stall_rules(line)
    if not rules or not leads:
        return
    now = timezone.now()
    clocks = clocks_of(leads)
    contacted = contacted_among(rules, leads)
    started, ended = [], []
    for lead in leads:
        clock = clocks.get(lead.pk)
        rule = rule_for(rules, lead, is_contacted=lead.pk in contacted)
        if rule is None:
            ended += [clock.pk] if clock else []
        elif not _goes_on(clock, rule, is_given=is_given):
            started.append(made_clock(lead, rule, now))
    store_clocks(started, ended)


def _goes_on(clock: StallClock | None, rule: ReadyStallRule, *, is_given: bool) -> bool:
    """Whether a lead waits on, as it did."""
    is_same = clock is not None and clock.rule_id == rule.id
    return is_same and rule.trigger is StallTrigger.NOT_CONTACTED and not is_given


def made_clock(lead: Lead, rule: ReadyStallRule, since: dt.datetime) -> StallClock:
    """Return a clock that begins."""
    return StallClock(
        organization_id=lead.organization_id,
        lead_id=lead.pk,
        rule_id=rule.id,
        since=since,
        due_at=rule.due(0, since),
        created_at=lead.created_at,
    )


def count_again(clock: StallClock, rule: ReadyStallRule, now: dt.datetime) -> bool:
    """Bring the clock of a lead that waits by a rule already to its times, and the calendar, of now; return whether
    anything changed."""
    before = (clock.step, clock.due_at)
    clock.step = min(clock.step, len(rule.plan))
    if clock.step and clock.due_at is None:
        # A step that is new is waited for since now: the last one may have been taken long ago.
        clock.step_since = now
    begun = clock.step_since if clock.step else clock.since
    if begun is not None or clock.step == len(rule.plan):
        clock.due_at = rule.due(clock.step, begun or now)
    return before != (clock.step, clock.due_at)


def clocks_of(leads: Iterable[Lead]) -> dict[int, StallClock]:
    """Return lead id → its clock."""
    return {clock.lead_id: clock for clock in StallClock.objects.filter(lead__in=[lead.pk for lead in leads])}


def contacted_among(rules: Iterable[ReadyStallRule], leads: Iterable[Lead]) -> set[int]:
    """Return the ids of those leads whose person was called or written to, where a rule asks for it."""
    if not any(rule.trigger is StallTrigger.NOT_CONTACTED for rule in rules):
        return set()
    engagements = Engagement.objects.filter(lead__in=[lead.pk for lead in leads]).order_by()
    return set(engagements.values_list("lead_id", flat=True).distinct())


def store_clocks(started: Sequence[StallClock], ended: Collection[int]) -> None:
    """Write clocks over those that their leads had, and remove others, by number."""
    if ended:
        StallClock.objects.filter(pk__in=ended).delete()
    if started:
        StallClock.objects.bulk_create(
            started,
            update_conflicts=True,
            unique_fields=["organization", "lead"],
            update_fields=["rule", "since", "step", "step_since", "due_at", "stalled_at"],
        )


def stop_clocks(lead_ids: Collection[int]) -> None:
    """Stop the clocks of leads that are withdrawn."""
    if lead_ids:
        StallClock.objects.filter(lead__in=lead_ids).delete()


def clock_images(leads: Iterable[Lead]) -> dict[str, dict[str, Any]]:
    """Return the clocks of locked leads as JSON, to be put back by `put_clocks_back`: by the lead's number."""
    return {
        str(lead_id): {
            "id": clock.pk,
            "rule": clock.rule_id,
            "since": clock.since.isoformat(),
            "step": clock.step,
            "step_since": clock.step_since.isoformat() if clock.step_since else None,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
            "stalled_at": clock.stalled_at.isoformat() if clock.stalled_at else None,
        }
        for lead_id, clock in clocks_of(leads).items()
    }


def put_clocks_back(
    line: BusinessLine, leads: Sequence[Lead], images: Mapping[str, Mapping[str, Any]]
) -> None:
    """Give locked leads of a pinned line the clocks that they had, counted by the rules of now; anew what no rule in
    use has measured."""
    stop_clocks([lead.pk for lead in leads])
    rules = {rule.id: rule for rule in stall_rules(line)}
    now = timezone.now()
    anew, back = [], []
    for lead in leads:
        image = images.get(str(lead.pk), {})
        if image.get("rule") not in rules:
            anew.append(lead)
            continue
        clock = _made_of(image, lead)
        count_again(clock, rules[clock.rule_id], now)
        back.append(clock)
    store_clocks(back, ())
    renew_clocks(line, anew)


def _made_of(image: Mapping[str, Any], lead: Lead) -> StallClock:
    return StallClock(
        id=image["id"],
        organization_id=lead.organization_id,
        lead_id=lead.pk,
        rule_id=image["rule"],
        since=dt.datetime.fromisoformat(image["since"]),
        step=image["step"],
        step_since=_moment(image.get("step_since")),
        due_at=_moment(image["due_at"]),
        stalled_at=_moment(image["stalled_at"]),
        created_at=lead.created_at,
    )


def _moment(written: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(written) if written else None
