"""A leader with two agents, and two leads of one person that came by two ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import organization_scope
from leads.models import BusinessLine, Lead
from leads.queries.leads import get_lead
from leads.services.leads import create_lead
from leads.services.lines import update_line
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS: list[dict[str, Any]] = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True, "indexed": True},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email"},
    {"key": "town", "label": "Town", "type": "text", "maps_to": "city"},
    {"key": "income", "label": "Income", "type": "money", "indexed": True, "maps_to": "amount"},
    {"key": "yearly", "label": "Yearly", "type": "computed", "formula": "income * 12", "decimals": 2},
    {"key": "secret", "label": "Secret", "type": "text", "visible_to": ["operations"]},
    {"key": "pan", "label": "PAN", "type": "text", "unique": True},
    {"key": "referred_by", "label": "Referred by", "type": "lead"},
]


@dataclass
class House:
    """Who works here, with one lead of each agent."""

    organization: Organization
    operations: Actor
    leader: Actor
    agent: Actor
    other: Actor
    stranger: Actor
    line: BusinessLine

    def lead_of(self, actor: Actor, **values: Any) -> Lead:
        """A new lead of the actor's."""
        given = {"full_name": "Asha Rao", **values}
        made = create_lead(actor=actor, line=self.line, values=given)
        assert made.lead is not None
        return get_lead(self.operations, made.lead.reference)

    def again(self, lead: Lead) -> Lead:
        """The lead as it is now, also where it is gone."""
        return Lead.everything.select_related("line").get(pk=lead.pk)


def make_house(organization: Organization, **settings: Any) -> House:
    """Everybody and the line; call inside the organisation's scope."""
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    line = make_line(operations, FIELDS)
    told = {"on_duplicate": "create", "duplicate_match": ["phone"], **settings}
    update_line(actor=operations, line=line, **told)
    line.refresh_from_db()
    return House(
        organization,
        operations,
        leader,
        make_actor(organization, Role.AGENT, name="Arjun Rao", manager=leader),
        make_actor(organization, Role.AGENT, name="Bina Shah", manager=leader),
        make_actor(organization, Role.AGENT, name="Chetan Das"),
        line,
    )


@pytest.fixture
def house(db: None) -> Iterator[House]:
    organization = make_organization("house", currency="INR", timezone="Asia/Kolkata", locale="en-IN")
    with organization_scope(organization):
        yield make_house(organization)


@pytest.fixture
def pair(house: House) -> tuple[Lead, Lead]:
    """The lead of one agent and that of another, of the same person."""
    return (
        house.lead_of(house.agent, mobile="98450 12345", town="Pune", income="1000"),
        house.lead_of(
            house.other, full_name="Asha R", mobile="98450 12345", mail="asha@home.example", income="2000"
        ),
    )
