"""What the people of the demo have noted and planned: days with something overdue, something due, something to come."""

import datetime as dt
from contextlib import AbstractContextManager

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.memberships import today
from accounts.services.absences import enter_absence
from accounts.services.calendar import name_holiday, set_working_hours
from core.errors import Conflict
from core.models import Organization
from core.scope import Scope, organization_scope
from leads.due_times import local_moment
from leads.models import (
    AssignmentMethod,
    AssignmentRule,
    BusinessLine,
    FollowUp,
    Lead,
    LeadStatus,
    StallClock,
)
from leads.services.assigning import create_assignment_rule
from leads.services.assigning.limits import set_limit
from leads.services.attachments import attach_file
from leads.services.consent import list_number, record_consent
from leads.services.digests.choosing import Choice, choose_notifications
from leads.services.engagements import start_engagement, tell_outcome
from leads.services.follow_ups import change_follow_up, plan_follow_up
from leads.services.notes import write_note
from leads.services.notifying import read_all_notifications
from leads.services.stalling.escalating import escalate

NOTES = (
    "Prefers calls after six in the evening.",
    "Sent the list of papers by message. @Leela please look at the income proof.",
    "Wants to compare with her bank first; asked for the rate in writing.",
    "Husband will be co-applicant. Salary slips come on Friday.",
)
# (kind, label, name of the file, its text)
PAPERS = (
    ("kyc", "PAN card", "pan-card.txt", "Copy of the PAN card, seen in the original."),
    ("quote", "Quote: 8.65 % floating, 20 years", "quote.txt", "8.65 % floating, 20 years, fee 0.25 %."),
    ("other", "Plan of the flat", "plan.txt", "Two rooms, hall, kitchen; 74 square metres."),
)
# (outcome, remark)
CALLS = (("reached", "Interested, asked for the rate."), ("no_answer", ""), ("call_back", "After six."))
# For how many hours some leads are silent.
SILENCES = (49, 52, 60, 75, 80, 50, 96)
# (what, days from today, at what hour)
PLANS = (
    ("Ask for the salary slips", -2, 11),
    ("Call back about the rate", -1, 16),
    ("Confirm the visit of the valuer", 0, 20),
    ("Call: did the papers arrive?", 0, 23),
    ("Send the sanction letter", 1, 10),
    ("Second call, in the evening", 2, 18),
    ("Remind of the processing fee", 5, 12),
    ("Ask how the house hunt goes", 21, 11),
)


def plan_days(organization: Organization, members: dict[str, Membership]) -> None:
    """Write notes and plan follow-ups for the agents, some of them given by the leader."""
    leader = Actor.of(members["leader@sunrise.example"])
    operations = Actor.of(members["operations@sunrise.example"])
    with _as(organization, operations):
        list_number(actor=operations, phone="+919845000000", reason="Asked by letter not to be called.")
    with _as(organization, leader):
        choose_notifications(actor=leader, choice=Choice(kinds={"mention": "mail"}, hour=7))
    for name in ("agent", "agent2"):
        _plan_day(organization, Actor.of(members[f"{name}@sunrise.example"]), leader)


def make_assignment_rules(organization: Organization, members: dict[str, Membership]) -> None:
    """Let what operations, forms and files bring from now on go to the team, the large loans to its leader."""
    system = Actor.system(organization)
    line = BusinessLine.objects.get(code="home_loan")
    leader, agents = members["leader@sunrise.example"], ("agent@sunrise.example", "agent2@sunrise.example")
    if AssignmentRule.objects.filter(line=line).exists():
        return
    create_assignment_rule(
        actor=system,
        line=line,
        name="Large loans",
        position=1,
        condition={"field": "loan_wanted", "op": "gte", "value": "10000000"},
        people=[leader.pk],
        method=AssignmentMethod.FIRST,
    )
    create_assignment_rule(
        actor=system,
        line=line,
        name="The team in turn",
        position=2,
        people=[members[name].pk for name in agents],
        weights=[2, 1],
        method=AssignmentMethod.WEIGHTED,
        only_at_work=True,
        daily_cap=30,
    )


def let_leads_stall(organization: Organization) -> None:
    """Let some leads that nobody has planned anything for be silent for days, so that owners and leader are told."""
    planned = FollowUp.objects.filter(lead_id=OuterRef("lead_id"))
    silent = StallClock.objects.filter(~Exists(planned), lead__owner__isnull=False).order_by("lead_id")
    for number, clock in enumerate(silent[: len(SILENCES)]):
        waited = dt.timedelta(hours=SILENCES[number])
        clock.since -= waited
        clock.due_at = clock.due_at and clock.due_at - waited
        clock.save(update_fields=["since", "due_at"])
    escalate(organization)


def keep_calendar(organization: Organization, members: dict[str, Membership]) -> None:
    """Working hours, the holidays to come, and a leave of one of the agents."""
    system = Actor.system(organization)
    office = [["09:30", "13:00"], ["14:00", "18:30"]]
    set_working_hours(actor=system, week=[*[office] * 5, [["10:00", "14:00"]], []])
    day = today(organization)
    for month, number, name in (
        (1, 26, "Republic Day"),
        (8, 15, "Independence Day"),
        (10, 2, "Gandhi Jayanti"),
    ):
        year = day.year + ((month, number) < (day.month, day.day))
        name_holiday(actor=system, day=dt.date(year, month, number), name=name)
    enter_absence(
        actor=system,
        membership=members["agent2@sunrise.example"],
        first_day=day + dt.timedelta(days=12),
        last_day=day + dt.timedelta(days=16),
        note="Family visit",
        deputy=members["agent@sunrise.example"],
    )
    set_limit(actor=system, membership=members["agent2@sunrise.example"], daily_cap=25)


def _plan_day(organization: Organization, agent: Actor, leader: Actor) -> None:
    # What brought the leads to their people is read long since.
    read_all_notifications(actor=agent)
    read_all_notifications(actor=leader)
    worked = Lead.objects.filter(owner=agent.membership, status=LeadStatus.IN_PROGRESS).order_by("-pk")
    references = list(worked.values_list("reference", flat=True)[: len(PLANS)])
    for number, (reference, (what, days, hour)) in enumerate(zip(references, PLANS, strict=False)):
        if number < len(CALLS):
            _call(organization, agent, reference, CALLS[number])
        giver = leader if number % 3 == 2 else agent
        with _as(organization, agent):
            write_note(actor=agent, reference=reference, text=NOTES[number % len(NOTES)])
        with _as(organization, giver):
            follow_up = plan_follow_up(
                actor=giver,
                reference=reference,
                what=what,
                due_at=timezone.now() + dt.timedelta(hours=1),
                assignee=agent.membership,
            )
            _move(follow_up, days, hour, organization)
    if references:
        _attach_papers(organization, agent, references)
        with _as(organization, agent):
            made = plan_follow_up(
                actor=agent,
                reference=references[0],
                what="Say hello on the phone",
                due_at=timezone.now() + dt.timedelta(hours=1),
            )
            change_follow_up(
                actor=agent, reference=references[0], follow_up_id=made.pk, changes={"done": True}
            )


def _attach_papers(organization: Organization, agent: Actor, references: list[str]) -> None:
    """All papers to the first lead, one to each of some others."""
    papers = [(references[0], paper) for paper in PAPERS]
    papers += list(zip(references[1:], PAPERS, strict=False))
    for reference, (kind, label, filename, text) in papers:
        with _as(organization, agent):
            attach_file(
                actor=agent,
                reference=reference,
                kind=kind,
                label=label,
                filename=filename,
                chunks=[text.encode()],
            )


def _call(organization: Organization, agent: Actor, reference: str, how: tuple[str, str]) -> None:
    """A call and how it went, and what the person agreed to in it."""
    outcome, remark = how
    with _as(organization, agent):
        try:
            made = start_engagement(actor=agent, reference=reference, channel="call").engagement
        except Conflict:  # a lead without a number
            return
        tell_outcome(actor=agent, reference=reference, engagement_id=made.pk, outcome=outcome, remark=remark)
        if outcome == "reached":
            record_consent(
                actor=agent,
                reference=reference,
                purpose="Offers for home loans",
                channel="whatsapp",
                state="given",
                wording="Yes, send me your offers by WhatsApp.",
                door="page",
            )


def _move(follow_up: FollowUp, days: int, hour: int, organization: Organization) -> None:
    """To its day, past the service: nobody plans what is overdue already."""
    day = timezone.now().astimezone(organization.zone).date() + dt.timedelta(days=days)
    follow_up.due_at = local_moment(day, dt.time(hour), organization.zone)
    follow_up.save(update_fields=["due_at"])


def _as(organization: Organization, actor: Actor) -> AbstractContextManager[Scope]:
    """The scope in which history names the actor."""
    return organization_scope(organization, actor_id=actor.user.pk if actor.user else None, reason="demo")
