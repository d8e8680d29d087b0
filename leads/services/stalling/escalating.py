"""What happens when clocks run out: each step once, however many workers look at the same moment.

The clocks that are due are read by an index that begins with the organisation, so a look costs what is due. Their leads
are locked before anything is decided, as everybody locks them who does something with a lead; leads that others hold
are left for the next look.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.fields.line import line_definition
from leads.models import (
    BusinessLine,
    Lead,
    NotificationKind,
    StallClock,
    StallGives,
    StallRule,
    StallStep,
    StallStepKind,
)
from leads.services.assigning.applying import Decision, Given, decide, keep_reasons
from leads.services.leads_given import give_lead
from leads.services.lines import pin_line
from leads.services.notifying import notify
from leads.services.stalling.clocks import contacted_among, made_clock, store_clocks
from leads.services.stalling.ready import ReadyStallRule, rule_for, stall_rules

BATCH = 200
# Then other organisations and other tasks have their turn; the next look goes on.
MOST_BATCHES = 25
# Who has more stalled leads at once is told of these; the list has the others.
MOST_TOLD = 20
REASON = "stalled"


def escalate_everywhere(*, now: dt.datetime | None = None) -> int:
    """Take the steps that are due in every organisation; return how many. Any number of processes may call this."""
    with system_scope(reason=REASON):
        rules = StallRule.objects.filter(is_active=True, organization__is_active=True)
        organizations = list(
            Organization.objects.filter(pk__in=rules.values("organization_id")).order_by("pk")
        )
    return sum(escalate(organization, now=now) for organization in organizations)


def escalate(organization: Organization, *, now: dt.datetime | None = None) -> int:
    """Take the steps that are due in one organisation, some leads at a time; return how many."""
    now = now or timezone.now()
    taken = 0
    with organization_scope(organization, reason=REASON):
        for _batch in range(MOST_BATCHES):
            wanted = due_leads(now)
            if not wanted:
                break
            with transaction.atomic():
                handled = _Steps(organization, now).take(wanted)
            if not handled:
                break
            taken += handled
    return taken


def due_leads(now: dt.datetime, *, most: int = BATCH) -> list[int]:
    """Return the ids of leads whose next step is due, the longest due first."""
    due = StallClock.objects.filter(due_at__lte=now).order_by("due_at", "lead_id")
    return list(due.values_list("lead_id", flat=True)[:most])


class _Steps:
    """The next steps of some leads, in one transaction."""

    def __init__(self, organization: Organization, now: dt.datetime) -> None:
        self.actor = Actor.system(organization)
        self.now = now
        self.told: Counter[int] = Counter()
        self.taken: list[StallStep] = []
        self.given: dict[int, Given] = {}

    def take(self, lead_ids: Sequence[int]) -> int:
        """Take them; return how many clocks were dealt with, 0 where others hold all of the leads."""
        locked = Lead.objects.select_for_update(of=("self",), skip_locked=True).filter(pk__in=lead_ids)
        leads = {lead.pk: lead for lead in locked.order_by("pk")}
        # Read behind the locks: another worker may have taken the step meanwhile.
        due = StallClock.objects.filter(lead__in=leads, due_at__lte=self.now).order_by("lead_id")
        clocks = list(due)
        lines = {line_id: pin_line(line_id) for line_id in sorted({lead.line_id for lead in leads.values()})}
        contacted = {
            pk
            for line in lines.values()
            for pk in contacted_among(
                stall_rules(line), (each for each in leads.values() if each.line_id == line.pk)
            )
        }
        rules = {
            pk: rule_for(stall_rules(lines[lead.line_id]), lead, is_contacted=pk in contacted)
            for pk, lead in leads.items()
        }
        self._decide(lines, leads, clocks, rules)
        for clock in clocks:
            lead = leads[clock.lead_id]
            self._take_one(lead, clock, rules[lead.pk])
        StallStep.objects.bulk_create(self.taken)
        return len(clocks)

    def _decide(
        self,
        lines: Mapping[int, BusinessLine],
        leads: Mapping[int, Lead],
        clocks: Iterable[StallClock],
        rules: Mapping[int, ReadyStallRule | None],
    ) -> None:
        """Who gets those leads that go by the assignment rules now: of a line at once, the lines in their order.

        So turns are claimed in the order in which everybody claims them who gives more than one lead.
        """
        of_line: dict[int, list[Lead]] = {}
        for clock in clocks:
            rule, lead = rules[clock.lead_id], leads[clock.lead_id]
            if rule is not None and _goes_by_rules(clock, rule):
                of_line.setdefault(lead.line_id, []).append(lead)
        for line_id, some in sorted(of_line.items()):
            line = lines[line_id]
            self.given |= decide(line, some, line_definition(line)).given

    def _take_one(self, lead: Lead, clock: StallClock, rule: ReadyStallRule | None) -> None:
        if rule is None:
            clock.delete()
        elif rule.id != clock.rule_id:
            store_clocks([made_clock(lead, rule, self.now)], [])
        elif clock.step >= len(rule.plan):
            self._advance(clock, rule)
        else:
            kind = rule.plan[clock.step][0]
            self._advance(clock, rule)
            self._act(lead, clock, rule, kind)

    def _advance(self, clock: StallClock, rule: ReadyStallRule) -> None:
        """One step further: before the step itself, which may begin the clock again."""
        clock.step = min(clock.step + 1, len(rule.plan))
        clock.step_since, clock.due_at = self.now, rule.due(clock.step, self.now)
        clock.stalled_at = clock.stalled_at or self.now
        clock.save(update_fields=["step", "step_since", "due_at", "stalled_at"])

    def _act(self, lead: Lead, clock: StallClock, rule: ReadyStallRule, kind: StallStepKind) -> None:
        match kind:
            case StallStepKind.OWNER:
                whom = self._tell(lead, lead.owner_id)
            case StallStepKind.LEADER:
                whom = self._tell(lead, lead.team_id if lead.team_id != lead.owner_id else None)
            case StallStepKind.GIVEN:
                whom = self._give(lead, rule)
        self.taken.append(
            StallStep(
                organization_id=lead.organization_id,
                lead=lead,
                rule_id=rule.id,
                rule_name=rule.name,
                kind=kind,
                whom_id=whom,
                since=clock.since,
                at=self.now,
            )
        )

    def _tell(self, lead: Lead, member_id: int | None) -> int | None:
        if member_id is None or not Membership.objects.filter(pk=member_id, is_active=True).exists():
            return None
        self.told[member_id] += 1
        if self.told[member_id] <= MOST_TOLD:
            notify(kind=NotificationKind.STALLED, lead=lead, recipient_ids=[member_id], by=None)
        return member_id

    def _give(self, lead: Lead, rule: ReadyStallRule) -> int | None:
        """Give the lead to somebody else; None where there is nobody else."""
        wanted, decided = lead.team_id, None
        if rule.gives_to is StallGives.RULES:
            decided = self.given.get(lead.pk)
            # Where nobody is at work now it stays with whom it has: it is late already, and would be nobody's.
            wanted = decided.owner_id if decided is not None else None
        if wanted is None or wanted == lead.owner_id:
            return None
        owner = _members([wanted]).get(wanted)
        if owner is None:
            return None
        give_lead(self.actor, lead, owner)
        if decided is not None:
            keep_reasons(Decision({lead.pk: decided}), line_id=lead.line_id)
        return wanted


def _goes_by_rules(clock: StallClock, rule: ReadyStallRule) -> bool:
    """Whether the step of a lead that is due gives it to whom the assignment rules say."""
    return (
        clock.rule_id == rule.id
        and clock.step < len(rule.plan)
        and rule.plan[clock.step][0] is StallStepKind.GIVEN
        and rule.gives_to is StallGives.RULES
    )


def _members(ids: Iterable[int]) -> dict[int, Membership]:
    members = Membership.objects.filter(pk__in=list(ids), is_active=True).select_related("organization")
    return {member.pk: member for member in members}
