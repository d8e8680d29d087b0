"""The writers of rules for stalled leads, and the job that brings the clocks of stored leads to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from accounts.services.reporting import lock_members
from core.errors import FieldError, NotVisible, ValidationFailed
from core.jobs import JobRun, job_kind
from core.scope import organization_scope
from leads.fields.scoring import draw_token
from leads.models import (
    BusinessLine,
    Lead,
    LeadStatus,
    StallClock,
    StallGives,
    StallRule,
    StallTrigger,
)
from leads.services.drafts import locked_line
from leads.services.line_renewal import renew_line
from leads.services.renewal_jobs import ask_for_renewal
from leads.services.stalling.clocks import clocks_of, contacted_among, count_again, made_clock, store_clocks
from leads.services.stalling.ready import rule_for, stall_rules

RENEW_CLOCKS = "leads.renew_clocks"
CHANGEABLE = (
    "name", "position", "is_active", "trigger", "statuses", "stages", "in_working_hours", "owner_after",
    "leader_after", "gives_to", "give_after",
)  # fmt: skip
# A quarter of a year.
LONGEST = 90 * 24 * 60
MOST_RULES = 50


def create_stall_rule(*, actor: Actor, line: BusinessLine, **settings: Any) -> StallRule:
    """Add a rule to a line; `settings` are those of CHANGEABLE, times in minutes (of working time, unless said).

    For leads that are there already time begins now. Raises NotPermitted, NotVisible, or ValidationFailed with
    everything wrong, by setting.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="stall rule added"):
        # Before the line: who changes the calendar meanwhile meets this rule, or this rule that calendar.
        lock_members(actor.organization)
        return _store(actor, StallRule(line=locked_line(line, against_leads=True), owner_after=0), settings)


def update_stall_rule(*, actor: Actor, rule: StallRule, **settings: Any) -> StallRule:
    """Change settings of a rule; what is not given stays. Raises as creating does."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="stall rule changed"):
        lock_members(actor.organization)
        line_id = StallRule.objects.filter(pk=rule.pk).values_list("line_id", flat=True).first()
        if line_id is None:
            raise NotVisible
        line = locked_line(BusinessLine(pk=line_id), against_leads=True)
        stored = StallRule.objects.get(pk=rule.pk)
        stored.line = line
        return _store(actor, stored, settings)


def _store(actor: Actor, rule: StallRule, settings: Mapping[str, Any]) -> StallRule:
    before = {name: getattr(rule, name) for name in CHANGEABLE}
    for name, value in settings.items():
        if name not in CHANGEABLE:
            raise TypeError(f"A rule for stalled leads has no {name}.")
        setattr(rule, name, value)
    rule.name = " ".join(str(rule.name).split())
    rule.statuses = list(dict.fromkeys(rule.statuses))
    rule.stages = list(dict.fromkeys(rule.stages))
    errors: dict[str, list[FieldError]] = {}
    for name, code, message in _problems(rule):
        errors.setdefault(name, []).append(FieldError(code, message))
    if errors:
        raise ValidationFailed("invalid_rule", "The rule needs corrections.", errors)
    is_new = rule.pk is None
    if not is_new and before == {name: getattr(rule, name) for name in CHANGEABLE}:
        return rule
    rule.save()
    if rule.is_active or (not is_new and before["is_active"]):
        _follow_rules(actor, rule.line)
    return rule


def _follow_rules(actor: Actor, line: BusinessLine) -> None:
    has_rules = StallRule.objects.filter(line=line, is_active=True).exists()
    line.stall_token = draw_token() if has_rules else 0
    line.save(update_fields=["stall_token"])
    ask_for_renewal(actor, line, RENEW_CLOCKS, f"Clocks of {line.name}")


def follow_calendar(actor: Actor) -> None:
    """The organisation's calendar is changed in this transaction: clocks that count its working time are set anew."""
    counting = StallRule.objects.filter(is_active=True, in_working_hours=True).order_by()
    # In the order of their numbers, so that two who change the calendar wait for one another.
    for line in BusinessLine.objects.filter(pk__in=counting.values("line_id")).order_by("pk"):
        _follow_rules(actor, locked_line(line, against_leads=True))


def _problems(rule: StallRule) -> Iterator[tuple[str, str, str]]:
    others = StallRule.objects.filter(line=rule.line).exclude(pk=rule.pk)
    if not rule.name or len(rule.name) > 100:
        yield "name", "required", "Give it a name of at most 100 characters."
    elif others.filter(name=rule.name).exists():
        yield "name", "unique", "Another rule of this line has this name."
    elif rule.pk is None and others.count() >= MOST_RULES:
        yield "name", "max", f"A line has at most {MOST_RULES} such rules. Join some of them."
    for name, choices in (("trigger", StallTrigger.values), ("gives_to", StallGives.values)):
        if getattr(rule, name) not in choices:
            yield name, "choice", f"Choose one of {', '.join(choices)}."
    if not rule.statuses:
        yield "statuses", "required", "Choose the statuses in which leads wait."
    for name, choices in (("statuses", LeadStatus.values), ("stages", rule.line.stages)):
        if unknown := [each for each in getattr(rule, name) if each not in choices]:
            yield name, "choice", f"There is no “{unknown[0]}”. Choose among {', '.join(choices)}."
    for name in ("owner_after", "leader_after", "give_after"):
        minutes = getattr(rule, name)
        if minutes is None:
            continue
        if not isinstance(minutes, int) or not 1 <= minutes <= LONGEST:
            yield name, "range", "Write a time from 1 minute to 90 days."
    if rule.gives_to in StallGives.values and (rule.gives_to == StallGives.NOBODY) is (
        rule.give_after is not None
    ):
        yield "give_after", "required", "Say both who gets it then and after how long, or neither."


@job_kind(RENEW_CLOCKS, area="configuration", can_pause=True)
def renew_stored_clocks(run: JobRun) -> dict[str, Any]:
    """Bring the clocks of a line's live leads to its rules.

    Who waits already by a rule waits on, with its times of now; for the others time begins now, so that a new rule does
    not find all old leads stalled at once.
    """
    return renew_line(run, token=lambda line: line.stall_token, write=_renew_batch)


def _renew_batch(line: BusinessLine, leads: list[Lead]) -> int:
    rules, now = stall_rules(line), timezone.now()
    clocks, contacted = clocks_of(leads), contacted_among(rules, leads)
    started, ended = [], []
    for lead in leads:
        clock = clocks.get(lead.pk)
        rule = rule_for(rules, lead, is_contacted=lead.pk in contacted)
        if rule is None:
            ended += [clock.pk] if clock else []
        elif clock is None or clock.rule_id != rule.id:
            started.append(made_clock(lead, rule, now))
        elif count_again(clock, rule, now):
            started.append(clock)
    store_clocks([_fresh(clock) for clock in started], ended)
    return len(started) + len(ended)


def _fresh(clock: StallClock) -> StallClock:
    """The clock as a row to write over the stored one."""
    clock.pk = None
    clock._state.adding = True
    return clock
