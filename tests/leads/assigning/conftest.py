"""Operations, a leader with a team, and a line whose leads go to them by rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import AssignmentRule, BusinessLine, Lead
from leads.services.assigning import create_assignment_rule
from leads.services.leads import create_lead
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "town", "label": "Town", "type": "text", "maps_to": "city"},
    {"key": "income", "label": "Income", "type": "money"},
]
_phones = count(9_845_000_000)


@dataclass
class Office:
    """Who works here, and how leads come to them."""

    operations: Actor
    leader: Actor
    agents: list[Actor]
    line: BusinessLine

    @property
    def ids(self) -> list[int]:
        return [number(agent) for agent in self.agents]

    def rule(self, name: str = "Everywhere", **settings: Any) -> AssignmentRule:
        settings.setdefault("people", self.ids)
        return create_assignment_rule(actor=self.operations, line=self.line, name=name, **settings)

    def values(self, **values: Any) -> dict[str, Any]:
        return {"full_name": "Asha Rao", "mobile": f"+91{next(_phones)}", **values}

    def lead(self, by: Actor | None = None, **values: Any) -> Lead:
        made = create_lead(actor=by or self.operations, line=self.line, values=self.values(**values))
        assert made.lead is not None
        return made.lead


def number(actor: Actor) -> int:
    assert actor.membership is not None
    return actor.membership.pk


def make_office(agents: int = 3, fields: Sequence[dict[str, Any]] = FIELDS) -> Office:
    """Return an office; call it in no scope, and enter that of its organisation."""
    organization = make_organization(currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    team = [make_actor(organization, Role.AGENT, name=f"Agent {n}", manager=leader) for n in range(agents)]
    with organization_scope(organization):
        line = make_line(operations, fields)
    return Office(operations, leader, team, line)


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    made = make_office()
    with organization_scope(made.operations.organization):
        yield made


@pytest.fixture
def office_with_pins(db: None) -> Iterator[Office]:
    made = make_office(fields=[*FIELDS, {"key": "pin_code", "label": "PIN", "type": "text"}])
    with organization_scope(made.operations.organization):
        yield made
