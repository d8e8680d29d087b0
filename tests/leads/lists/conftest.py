"""A leader with two agents, a line with stages, and six leads of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import BusinessLine, Lead
from leads.services.leads import create_lead, update_lead
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email"},
    {"key": "town", "label": "Town", "type": "text"},
    {"key": "kind", "label": "Kind", "type": "select", "choices": ["car", "home"], "indexed": True},
    {"key": "amount", "label": "Amount wanted", "type": "money"},
    {"key": "secret", "label": "Secret margin", "type": "integer", "visible_to": ["operations"]},
]
NAMES = ("Asha Rao", "Bina Shah", "Chitra Nair", "Dev Patel", "Esha Roy", "Farid Sheikh")


@dataclass
class House:
    """Who works here, and what on."""

    operations: Actor
    leader: Actor
    agent: Actor
    other: Actor
    auditor: Actor
    line: BusinessLine
    leads: list[Lead] = field(default_factory=list)

    def lead(self, name: str) -> Lead:
        """The lead of that name as it is now."""
        return Lead.objects.get(name=name)


@pytest.fixture
def house(db: None) -> Iterator[House]:
    """Leads by turns of the agent and the other, the first two contacted."""
    organization = make_organization("listed", currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    agent = make_actor(organization, Role.AGENT, name="Arjun Rao", manager=leader)
    other = make_actor(organization, Role.AGENT, name="Bina Das", manager=operations)
    auditor = make_actor(organization, Role.AUDITOR, name="Arun Iyer")
    with organization_scope(organization):
        line = make_line(operations, FIELDS, stages=["fresh", "contacted", "qualified", "documents"])
        house = House(operations, leader, agent, other, auditor, line)
        for number, name in enumerate(NAMES):
            who = agent if number % 2 == 0 else other
            values = {
                "full_name": name,
                "mobile": f"98450 1234{number}",
                "mail": f"{name.split()[0].lower()}@mail.example",
                "town": "Pune" if number < 4 else "Surat",
                "kind": "car" if number % 3 else "home",
                "amount": str(1000 * number),
            }
            made = create_lead(actor=who, line=line, values=values).lead
            assert made is not None
            if number < 2:
                update_lead(actor=who, reference=made.reference, values={}, attributes={"stage": "contacted"})
            house.leads.append(made)
        yield house
