"""A row of each model of the working calendar, of waiting, and of handing over; tests/factories.py makes the world."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Absence, Holiday, WorkingHours
from accounts.services.absences import enter_absence
from accounts.services.calendar import name_holiday, set_working_hours
from leads.models import (
    AssignmentLimit,
    AssignmentRule,
    AssignmentTally,
    HandedLead,
    HandOver,
    Lead,
    WaitingLead,
)
from leads.services.assigning.limits import set_limit


def _working_hours(world: Any) -> WorkingHours:
    week = [[["00:00", "24:00"]]] * 7
    return set_working_hours(actor=world.admin, week=week, membership=world.agent.membership)


def _holiday(world: Any) -> Holiday:
    return name_holiday(actor=world.admin, day=date(2020, 1, 26), name="Republic Day")


def _absence(world: Any) -> Absence:
    """Of the agent, a month from now."""
    day = timezone.now().date() + timedelta(days=30)
    return enter_absence(
        actor=world.admin,
        membership=world.agent.membership,
        first_day=day,
        last_day=day,
        deputy=world.leader.membership,
    )


def _assignment_limit(world: Any) -> AssignmentLimit:
    return set_limit(actor=world.admin, membership=world.agent.membership, daily_cap=500)


def _assignment_tally(world: Any) -> AssignmentTally:
    told = {"rule": world.row(AssignmentRule), "membership": world.agent.membership}
    return AssignmentTally.objects.create(day=date(2020, 1, 1), given=1, **told)


def _waiting_lead(world: Any) -> WaitingLead:
    lead = world.row(Lead)
    told = {"lead": lead, "line_id": lead.line_id, "rule": world.row(AssignmentRule)}
    return WaitingLead.objects.create(reason="no_rule", **told)


def _hand_over(world: Any) -> HandOver:
    """Of the agent, with everybody that a hand-over refers to; its job is gone."""
    leader = world.leader.membership
    return HandOver.objects.create(
        source=world.agent.membership,
        method="person",
        target=leader,
        manager=leader,
        by=world.admin.membership,
    )


def _handed_lead(world: Any) -> HandedLead:
    return HandedLead.objects.create(
        hand_over=world.row(HandOver), lead=world.row(Lead), owner=world.leader.membership, at=timezone.now()
    )


CALENDAR_ROWS = {
    WorkingHours: _working_hours,
    Holiday: _holiday,
    Absence: _absence,
    AssignmentLimit: _assignment_limit,
    AssignmentTally: _assignment_tally,
    WaitingLead: _waiting_lead,
    HandOver: _hand_over,
    HandedLead: _handed_lead,
}
