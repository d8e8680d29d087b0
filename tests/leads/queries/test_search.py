"""Search: words, phones, e-mails, ids and references, the way people type them."""

import pytest

from accounts.roles import Role
from leads.queries.lead_list import LeadListQuery, list_leads
from leads.queries.search import parse_search
from leads.services.leads import create_lead, withdraw_lead
from tests.leads.lines.definitions import make_line
from tests.leads.queries.conftest import FRONTIERS, set_frontier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]

FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email", "pii": True},
    {"key": "number", "label": "Number", "type": "text", "unique": True},
]
PEOPLE = [
    {
        "full_name": "Ramesh Kumar",
        "mobile": "+91 98765 43210",
        "mail": "r.kumar@mail.example",
        "number": "AB-12/7",
    },
    {"full_name": "Ram Prasad Smith-Jones", "mobile": "+91 98111 22233", "number": "660737"},
    {"full_name": "ÉLODIE İpek", "mail": "elodie@shop.example"},
    {"full_name": "Rajkumar"},
]


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations):
    return make_line(operations, FIELDS)


@pytest.fixture
def leads(operations, line):
    return [create_lead(actor=operations, line=line, values=person).lead for person in PEOPLE]


def found(actor, line, search):
    return sorted(lead.name.split()[0] for lead in list_leads(actor, LeadListQuery(line, search=search)).rows)


SEARCHES = [
    ("ram", ["Ram", "Ramesh"]),
    ("RAM", ["Ram", "Ramesh"]),
    ("kumar", ["Ramesh"]),
    ("kumar ram", ["Ramesh"]),
    ("ram kum", ["Ramesh"]),
    ("ram xyz", []),
    ("smith-jo", ["Ram"]),
    ("jones", ["Ram"]),
    ("élodie", ["ÉLODIE"]),
    ("e\u0301lodie", ["ÉLODIE"]),
    ("i\u0307pek", ["ÉLODIE"]),
    ("9876543210", ["Ramesh"]),
    ("+91 98765 43210", ["Ramesh"]),
    ("+91-98765", ["Ramesh"]),
    ("919876543210", ["Ramesh"]),
    ("09876543210", ["Ramesh"]),
    ("0091 98765 43210", ["Ramesh"]),
    ("98765", ["Ramesh"]),
    ("3210", ["Ramesh"]),
    ("2233", ["Ram"]),
    ("ramesh 3210", ["Ramesh"]),
    ("ram 3210", ["Ramesh"]),
    ("7654", []),
    ("r.kumar@mail.example", ["Ramesh"]),
    ("R.KUMAR@", ["Ramesh"]),
    ("elodie@shop", ["ÉLODIE"]),
    ("ab-12", ["Ramesh"]),
    ("AB-12/7", ["Ramesh"]),
    ("660737", ["Ram"]),
    ("6607", ["Ram"]),
    ("nobody", []),
    ("!!!", []),
    ("%", []),
    ("_am", []),
    ("'; drop table", []),
    ("\x00", []),
    ("\ud800", []),
    ("x" * 5_000, []),
    (" ".join(["ram"] * 500), ["Ram", "Ramesh"]),
]


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_a_search_finds(operations, line, leads, search, expected):
    assert found(operations, line, search) == expected


@pytest.mark.parametrize("frontier", FRONTIERS)
def test_every_way_finds_the_same(operations, line, leads, frontier, monkeypatch):
    set_frontier(monkeypatch, frontier)
    for search, expected in SEARCHES:
        assert found(operations, line, search) == expected, search


def test_a_blank_search_is_none(operations, line, leads):
    assert parse_search("  ") is None
    assert len(found(operations, line, " ")) == 4


def test_a_reference_finds_its_lead_alone(operations, line, leads):
    reference = leads[3].reference
    assert found(operations, line, reference.lower()) == ["Rajkumar"]
    assert found(operations, line, "L99999999") == []


def test_a_search_goes_with_filters_and_over_all_lines(operations, line, leads):
    query = LeadListQuery(
        None, search="ram", conditions={"field": "name", "op": "ends_with", "value": "kumar"}
    )
    assert [lead.name for lead in list_leads(operations, query).rows] == ["Ramesh Kumar"]


def test_what_is_withdrawn_is_not_found(operations, line, leads):
    withdraw_lead(actor=operations, reference=leads[0].reference)
    assert found(operations, line, "kumar") == []
    assert found(operations, line, leads[0].reference) == []


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("ram", ["Ram", "Ramesh"]),
        ("660737", ["Ram"]),
        ("9876543210", []),
        ("3210", []),
        ("r.kumar@mail.example", []),
        ("elodie@", []),
        ("ramesh 3210", []),
    ],
)
def test_a_search_finds_nothing_by_what_is_masked(actor_for, line, leads, search, expected):
    auditor = actor_for(Role.AUDITOR)
    assert found(auditor, line, search) == expected
    page = list_leads(auditor, LeadListQuery(line, search=search, page_size=1))
    assert page.count_estimate.number <= len(expected)


def test_a_reference_is_found_by_whom_names_are_masked_for(actor_for, line, leads):
    assert found(actor_for(Role.AUDITOR), line, leads[0].reference) == ["Ramesh"]
