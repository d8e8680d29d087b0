"""A line with an agent, a leader and operations, whose leads may stall; clocks are put forward, nobody sleeps."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import BusinessLine, Lead, Notification, StallClock, StallRule, StallStep
from leads.services.leads import create_lead
from leads.services.stalling import create_stall_rule
from leads.services.stalling.escalating import escalate
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "income", "label": "Income", "type": "money"},
]
HOUR = 60
_phones = count(9_847_000_000)


@dataclass
class Floor:
    """Who works here."""

    operations: Actor
    leader: Actor
    agent: Actor
    second: Actor
    line: BusinessLine

    @property
    def organization(self) -> Any:
        return self.operations.organization

    def rule(self, name: str = "Silent", **settings: Any) -> StallRule:
        settings = {"owner_after": 48 * HOUR, "leader_after": 4 * HOUR, **settings}
        return create_stall_rule(actor=self.operations, line=self.line, name=name, **settings)

    def lead(self, by: Actor | None = None) -> Lead:
        values = {"full_name": "Asha Rao", "mobile": f"+91{next(_phones)}"}
        made = create_lead(actor=by or self.agent, line=self.line, values=values)
        assert made.lead is not None
        return made.lead

    def after(self, *, hours: float = 0, minutes: float = 0) -> int:
        """Let everybody's time pass by moving clocks back, and look; return how many steps were taken."""
        passed = dt.timedelta(hours=hours, minutes=minutes)
        for clock in StallClock.objects.all():
            clock.since -= passed
            clock.step_since = clock.step_since and clock.step_since - passed
            clock.due_at = clock.due_at and clock.due_at - passed
            clock.save()
        return escalate(self.organization, now=timezone.now())

    def steps(self) -> list[tuple[str, int | None]]:
        return list(StallStep.objects.order_by("pk").values_list("kind", "whom_id"))

    def told(self) -> list[int]:
        rows = Notification.objects.filter(kind="stalled").order_by("pk")
        return list(rows.values_list("recipient_id", flat=True))


def number(actor: Actor) -> int:
    assert actor.membership is not None
    return actor.membership.pk


def make_floor() -> Floor:
    """Return a floor; call it in no scope, and enter that of its organisation."""
    organization = make_organization(currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    agents = [
        make_actor(organization, Role.AGENT, name=name, manager=leader) for name in ("Arun Iyer", "Bina Das")
    ]
    with organization_scope(organization):
        line = make_line(operations, FIELDS)
    return Floor(operations, leader, *agents, line)


@pytest.fixture
def floor(db: None) -> Iterator[Floor]:
    made = make_floor()
    with organization_scope(made.organization):
        yield made
