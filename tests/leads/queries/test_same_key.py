"""One key, two organisations, two types: each is indexed, filtered and ordered as what it is there."""

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.scope import organization_scope
from leads.models import LeadValue
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.services.leads import create_lead
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

pytestmark = pytest.mark.django_db

# Organisation → type of `budget` there, its values, a range of it, and what lies within.
HOUSES = {
    "builder": (
        "money",
        ["900", "1,25,000", "10000.50"],
        ("1000", "125000"),
        ["10000.50", "125000"],
    ),
    "school": (
        "date",
        ["2026-03-31", "1 Apr 2026", "2027-01-01"],
        ("2026-04-01", "2026-12-31"),
        ["2026-04-01"],
    ),
}


def house(slug: str) -> tuple[Actor, object]:
    """An organisation with a line of leads whose budgets are what they are there."""
    kind, values, _range, _within = HOUSES[slug]
    operations = make_actor(make_organization(slug), Role.OPERATIONS)
    with organization_scope(operations.organization):
        line = make_line(operations, [{"key": "budget", "label": "Budget", "type": kind, "indexed": True}])
        for value in values:
            create_lead(actor=operations, line=line, values={"budget": value})
    return operations, line


def test_each_organisation_filters_and_orders_by_its_own_type() -> None:
    houses = {slug: house(slug) for slug in HOUSES}

    for slug, (operations, line) in houses.items():
        kind, _values, (least, most), within = HOUSES[slug]
        with organization_scope(operations.organization):
            catalog = Catalog(operations, line)
            assert catalog.is_fast("data.budget")
            filters = {"data.budget__gte": [least], "data.budget__lte": [most]}
            query = LeadListQuery(line, conditions=parse_filters(catalog, filters), ordering="data.budget")
            page = list_leads(operations, query)
            assert [str(lead.data["budget"]).removesuffix(".00") for lead in page.rows] == within
            assert page.slow_notes == []
            column = {"money": "number_value", "date": "date_value"}[kind]
            assert not LeadValue.objects.filter(**{f"{column}__isnull": True}).exists()
