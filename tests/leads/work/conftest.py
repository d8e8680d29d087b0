"""A leader with an agent, a colleague elsewhere, and a lead of the agent's."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import BusinessLine, Lead
from leads.queries.leads import get_lead
from leads.services.leads import create_lead
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
    {"key": "income", "label": "Income", "type": "text", "visible_to": ["operations"]},
]


@dataclass
class House:
    """Who works here."""

    operations: Actor
    leader: Actor
    agent: Actor
    other: Actor
    auditor: Actor
    line: BusinessLine
    lead: Lead

    def lead_of(self, actor: Actor, name: str = "Asha Rao", mobile: str = "98765 43210") -> Lead:
        made = create_lead(actor=actor, line=self.line, values={"full_name": name, "mobile": mobile})
        assert made.lead is not None
        return made.lead

    def again(self) -> Lead:
        """The lead as it is now."""
        return get_lead(self.operations, self.lead.reference)


@pytest.fixture
def house(db: None):
    organization = make_organization("house", currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    agent = make_actor(organization, Role.AGENT, name="Arjun Rao", manager=leader)
    other = make_actor(organization, Role.AGENT, name="Bina Shah", manager=leader)
    auditor = make_actor(organization, Role.AUDITOR, name="Arun Iyer")
    with organization_scope(organization):
        line = make_line(operations, FIELDS)
        made = create_lead(
            actor=agent, line=line, values={"full_name": "Asha Rao", "mobile": "98450 12345"}
        ).lead
        assert made is not None
        yield House(operations, leader, agent, other, auditor, line, made)


@pytest.fixture
def soon() -> Callable[..., dt.datetime]:
    """Return `soon(hours=…, days=…)`: a moment from now."""
    return lambda **span: timezone.now() + dt.timedelta(**span)
