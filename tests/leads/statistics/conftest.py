"""Figures of lines, and the lists that they lead to."""

from collections.abc import Iterator

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import organization_scope
from leads.models import BusinessLine
from leads.queries.lead_list import Catalog, LeadListQuery, count_all_leads, parse_filters
from tests.factories import make_actor, make_organization
from tests.leads.proposals.conftest import education  # noqa: F401


def listed(actor: Actor, line: BusinessLine, filters: dict) -> int:
    """How many leads the list shows with these parameters."""
    conditions = parse_filters(Catalog(actor, line), filters)
    number = count_all_leads(actor, LeadListQuery(line, conditions=conditions))
    assert number is not None
    return number


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization("figures")


@pytest.fixture
def in_organization(organization: Organization) -> Iterator[None]:
    with organization_scope(organization):
        yield


@pytest.fixture
def operations(organization: Organization) -> Actor:
    return make_actor(organization, Role.OPERATIONS)
