"""Pages of a list: forwards and backwards, in every order, over ties and leads without a value."""

import base64
import json
from decimal import Decimal

import pytest

from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area, Role
from core.errors import ValidationFailed
from leads.models import Lead
from leads.queries.lead_list import Catalog, LeadListQuery, iterate_leads, list_leads, orderable, selection
from tests.factories import make_actor
from tests.leads.queries.conftest import FRONTIERS, set_frontier
from tests.leads.queries.kinds import NAMES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_nasty")]

WITHOUT_ORDER = ("multi", "reference", "presence")
FIELD_ORDERS = [name for name in NAMES if not any(kind in name for kind in WITHOUT_ORDER)]
ORDERS = ["created", "updated", "city", "amount", *FIELD_ORDERS]
MIXED = {
    "any": [
        {"field": "data.text_1_fast", "op": "is_not_empty"},
        {"field": "status", "op": "eq", "value": "new"},
    ]
}
SOME = {"field": "data.boolean_1_fast", "op": "eq", "value": True}


def walked(actor, query):
    """The leads of all pages forwards, then of all pages back to the first."""
    forwards, backwards = [], []
    page = list_leads(actor, query)
    assert page.previous_cursor == ""
    while True:
        forwards.append([lead.pk for lead in page.rows])
        if not page.next_cursor:
            break
        page = list_leads(actor, with_cursor(query, page.next_cursor))
    while page.previous_cursor:
        page = list_leads(actor, with_cursor(query, page.previous_cursor))
        assert page.next_cursor
        backwards.insert(0, [lead.pk for lead in page.rows])
    return forwards, backwards


def with_cursor(query, cursor):
    return LeadListQuery(query.line, query.search, query.conditions, query.ordering, cursor, query.page_size)


@pytest.mark.parametrize("frontier", FRONTIERS)
@pytest.mark.parametrize(
    "order", ["-created", "created", "-data.text_1_fast", "data.number_1_fast", "data.number_1"]
)
@pytest.mark.parametrize("conditions", [None, SOME, MIXED], ids=["all", "some", "mixed"])
def test_pages_meet_without_gap_or_overlap(nasty, frontier, order, conditions, monkeypatch):
    set_frontier(monkeypatch, frontier)
    query = LeadListQuery(nasty.line, conditions=conditions, ordering=order, page_size=31)
    forwards, backwards = walked(nasty.operations, query)
    assert backwards == forwards[:-1]
    flat = [pk for page in forwards for pk in page]
    assert flat == [lead.pk for lead in iterate_leads(nasty.operations, query)]
    newest = LeadListQuery(nasty.line, conditions=conditions)
    assert sorted(flat) == sorted(lead.pk for lead in iterate_leads(nasty.operations, newest))


@pytest.fixture
def team(nasty):
    """A leader and three agents; the leads go to each of them in turn, and to nobody."""
    leader = make_actor(nasty.organization, Role.TEAM_LEADER)
    agents = [make_actor(nasty.organization, Role.AGENT, manager=leader) for _number in range(3)]
    people = [leader.membership, *(agent.membership for agent in agents), None]
    for number, lead in enumerate(nasty.leads):
        Lead.objects.filter(pk=lead.pk).update(owner=people[number % len(people)])
    return leader, agents[0]


@pytest.mark.parametrize("frontier", FRONTIERS)
@pytest.mark.parametrize("conditions", [None, SOME, MIXED], ids=["all", "some", "mixed"])
@pytest.mark.parametrize("most_arms", [1, 20])
def test_pages_of_a_team_meet_and_hold_its_leads_alone(
    nasty, team, frontier, conditions, most_arms, monkeypatch
):
    set_frontier(monkeypatch, frontier)
    monkeypatch.setattr(selection, "MOST_ARMS", most_arms)
    everybody = list(iterate_leads(nasty.operations, LeadListQuery(nasty.line, conditions=conditions)))
    for actor in team:
        owners = reachable_member_ids(actor, Area.LEADS, "read")
        forwards, backwards = walked(actor, LeadListQuery(nasty.line, conditions=conditions, page_size=7))
        assert backwards == forwards[:-1]
        expected = [lead.pk for lead in everybody if lead.owner_id in owners]
        assert [pk for page in forwards for pk in page] == expected != []


@pytest.mark.parametrize("frontier", FRONTIERS)
def test_alternatives_about_the_owner_are_met_as_alternatives(nasty, team, frontier, monkeypatch):
    set_frontier(monkeypatch, frontier)
    somebody = {"field": "owner", "op": "is_not_empty"}
    agent = {"field": "owner", "op": "eq", "value": str(team[1].membership.pk)}
    query = LeadListQuery(nasty.line, conditions={"all": [SOME, {"any": [somebody, agent]}]}, page_size=7)
    forwards, backwards = walked(nasty.operations, query)
    assert backwards == forwards[:-1]
    everybody = iterate_leads(nasty.operations, LeadListQuery(nasty.line, conditions=SOME))
    expected = [lead.pk for lead in everybody if lead.owner_id is not None]
    assert [pk for page in forwards for pk in page] == expected != []


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_goes_both_ways(nasty, order):
    up, down = (
        [lead.pk for lead in iterate_leads(nasty.operations, LeadListQuery(nasty.line, ordering=each))]
        for each in (order, f"-{order}")
    )
    assert sorted(up) == sorted(down) == sorted(lead.pk for lead in nasty.leads)
    read = Catalog(nasty.operations, nasty.line).entries[order].read
    by_id = {lead.pk: lead for lead in nasty.leads}
    without = [pk for pk in up if read(by_id[pk]) is None]
    # Leads without a value stand last, newest first, in both directions.
    assert up[len(up) - len(without) :] == down[len(down) - len(without) :] == sorted(without, reverse=True)
    assert up[: len(up) - len(without)] == down[: len(down) - len(without)][::-1]


def test_numbers_order_by_value(nasty):
    for name in ("number_2_fast", "number_2"):
        listed = iterate_leads(nasty.operations, LeadListQuery(nasty.line, ordering=f"data.{name}"))
        numbers = [Decimal(lead.data[name]) for lead in listed if name in lead.data]
        assert numbers == sorted(numbers)
        assert len(set(numbers)) > 3


def test_choices_cannot_order(nasty):
    assert "data.multi_1" not in orderable(Catalog(nasty.operations, nasty.line))
    with pytest.raises(ValidationFailed) as caught:
        list_leads(nasty.operations, LeadListQuery(nasty.line, ordering="data.multi_1"))
    assert list(caught.value.fields) == ["ordering"]


def test_all_lines_are_ordered_by_creation_or_change_alone(nasty):
    assert orderable(Catalog(nasty.operations, None)) == ["created", "updated"]


def packed(**content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


NOW = "2026-01-01T00:00:00+00:00"
BAD_CURSORS = [
    "x",
    "%%%",
    "é",
    "A" * 3_000,
    packed(),
    packed(o="created", s=0, k=[NOW, 1], b=0),
    packed(o="-created", s=0, k=[NOW], b=0),
    packed(o="-created", s=0, k=[NOW, 1, 2], b=0),
    packed(o="-created", s=7, k=[NOW, 1], b=0),
    packed(o="-created", s=0, k=[NOW, 2**70], b=0),
    packed(o="-created", s=0, k=[NOW, "1"], b=0),
    packed(o="-created", s=0, k=[NOW, True], b=0),
    packed(o="-created", s=0, k=[1, 1], b=0),
    packed(o="-created", s=0, k=["yesterday", 1], b=0),
    packed(o="-created", s=0, k=[{"a": 1}, 1], b=0),
    packed(o="-created", s=0, k="no list", b=0),
    packed(o="-created", s=0, k=[NOW, 1], b=5),
    packed(o="-created", s=[], k=[NOW, 1], b=0),
    packed(o="-created", s=0, k=["\x00", 1], b=0),
    packed(o="-created", s=0, k=["\ud800", 1], b=0),
    base64.urlsafe_b64encode(b"[" * 900).decode(),
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
def test_any_other_cursor_is_refused(nasty, cursor):
    with pytest.raises(ValidationFailed) as caught:
        list_leads(nasty.operations, LeadListQuery(nasty.line, cursor=cursor))
    assert list(caught.value.fields) == ["cursor"]


@pytest.mark.parametrize(
    "order",
    [
        "data.text_1_fast",
        "data.number_1_fast",
        "data.date_1_fast",
        "data.number_1",
        "data.boolean_1",
        "updated",
        "data.text_1",
    ],
)
@pytest.mark.parametrize("value", [None, [], 1.5, True, 2**70, "NaN", "x", "9" * 500, "1e999999"])
def test_a_cursor_of_another_type_is_refused_or_harmless(nasty, order, value):
    cursor = packed(o=order, s=0, k=[value, NOW, 1], b=0)
    try:
        list_leads(nasty.operations, LeadListQuery(nasty.line, ordering=order, cursor=cursor))
    except ValidationFailed as error:
        assert list(error.fields) == ["cursor"]


def test_a_page_size_is_bounded(nasty):
    for size in (0, -1, 501):
        with pytest.raises(ValidationFailed) as caught:
            list_leads(nasty.operations, LeadListQuery(nasty.line, page_size=size))
        assert list(caught.value.fields) == ["page_size"]


def test_counts_are_exact_where_few_and_travel_with_the_cursor(nasty):
    page = list_leads(nasty.operations, LeadListQuery(nasty.line, page_size=20))
    assert str(page.count_estimate) == "90"
    second = list_leads(nasty.operations, LeadListQuery(nasty.line, page_size=20, cursor=page.next_cursor))
    assert second.count_estimate == page.count_estimate


def test_counts_are_capped(nasty, monkeypatch):
    monkeypatch.setattr("leads.queries.lead_list.query.COUNTED", 50)
    page = list_leads(nasty.operations, LeadListQuery(nasty.line, page_size=20))
    assert (str(page.count_estimate), page.count_estimate.is_exact) == ("50+", False)
