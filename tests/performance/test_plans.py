"""Hot queries at 100,000 leads, as the application role: an index serves each, and few rows are touched."""

from dataclasses import replace

import pytest

from accounts.actor import Actor
from core.scope import organization_scope
from leads.fields.definition import Choice
from leads.fields.line import line_definition
from leads.models import FieldStatus
from leads.queries.counting import MOST, LeadCount
from leads.queries.history import lead_timeline
from leads.queries.impact import About, change_impact
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.queries.leads import get_lead
from tests.performance.many_leads import ManyLeads
from tests.performance.plans import Touched, plans_of

pytestmark = pytest.mark.django_db
# Address → the most rows of leads, values and tokens that a page of 50 may touch, its count included. The
# figures hang on how common the values are (see many_leads), not on how many leads there are.
LISTS = {
    "": 3_000,
    "ordering=created": 3_000,
    "status=new": 5_000,
    "status__in=new,approved": 10_000,
    "owner=me": 3_000,
    "owner=none": 100,
    "created__gte=2099-01-01": 100,
    "data.kind=rare": 500,
    "data.kind=common": 3_000,
    "data.kind=common&ordering=created": 3_000,
    "data.town=Town 7": 3_000,
    "city=Town 7": 3_000,
    "data.town__in=Town 7,Town 8": 10_000,
    "data.town__starts_with=Town 4": 5_000,
    "data.kind=common&data.town=Town 7": 20_000,
    "data.kind=rare&data.town=Town 0": 3_000,
    "data.kind=common&data.income__gte=99000": 12_000,
    "data.income__gte=50000": 5_000,
    "data.income__lt=100": 1_000,
    "data.income__between=200,300": 1_000,
    "data.income=77777": 100,
    "data.income__lt=99999999999999999999": 5_000,
    "data.born__gte=2004-09-01": 2_000,
    "data.born=1987-03-03": 100,
    "data.wants=gold": 1_000,
    "data.wants=home": 3_000,
    "data.wants__has_all=car,home": 20_000,
    "status=new&data.wants=gold": 1_000,
    "search=asha": 6_000,
    "search=asha family77": 20_000,
    "search=family777": 1_000,
    "search=+919000077777": 500,
    "search=77777": 500,
    "search=lead77777@mail.example": 500,
    "search=code-77777": 500,
    "search=L10077777": 500,
    "search=nobody": 100,
    "search=a": 6_000,
    "ordering=data.income": 3_000,
    "ordering=-data.income": 3_000,
    "ordering=data.town": 3_000,
    "ordering=data.income&data.kind=rare": 1_000,
    "ordering=-data.born&data.kind=common": 6_000,
}


def page(many: ManyLeads, actor: Actor, address: str, cursor: str = ""):
    """A page of the line's list, as an address asks for it."""
    given = dict(part.split("=", 1) for part in address.split("&") if part)
    search, ordering = given.pop("search", ""), given.pop("ordering", "-created")
    catalog = Catalog(actor, many.line)
    query = LeadListQuery(
        line=many.line,
        search=search.replace("%20", " "),
        conditions=parse_filters(catalog, given),
        ordering=ordering,
        cursor=cursor,
    )
    return list_leads(actor, query)


def touched_by(many: ManyLeads, actor: Actor, address: str) -> tuple[Touched, Touched]:
    """What a first page and the one after it touch."""
    with organization_scope(many.organization):
        first = page(many, actor, address)
        next_cursor = first.next_cursor
        return (
            plans_of(lambda: page(many, actor, address)),
            plans_of(lambda: page(many, actor, address, next_cursor)),
        )


# What people see who see a part of the leads: 5 % of them here.
PARTS = [
    "",
    "status=new",
    "data.kind=rare",
    "data.kind=common",
    "data.kind=rare&data.town=Town 0",
    "data.income__gte=50000",
    "data.wants=home",
    "search=asha",
    "search=asha family77",
    "search=77777",
    "ordering=data.income",
    "ordering=-data.born&data.kind=common",
]
MOST_OF_PARTS = 30_000


@pytest.mark.parametrize("address", LISTS)
def test_a_list_reads_by_index_and_few_rows(many, address):
    for touched in touched_by(many, many.operations, address):
        assert not touched.sequential, str(touched)
        assert touched.rows <= LISTS[address], str(touched)


@pytest.mark.parametrize("address", PARTS)
@pytest.mark.parametrize("who", ["leader", "agent"])
def test_a_list_of_ones_own_reads_by_index_and_few_rows(many, who, address):
    for touched in touched_by(many, getattr(many, who), address):
        assert not touched.sequential, str(touched)
        assert touched.rows <= MOST_OF_PARTS, str(touched)


# Two conditions of which each has thousands of leads, in the order of creation → how many rows are read off their
# indexes at most, and how many are looked at in their table: of the leads shown and of those few that a third
# condition is asked about.
MET = {
    ("operations", "status=in_progress&data.wants=home"): (34_000, 0),
    ("operations", "status=new&data.wants=home"): (8_000, 300),
    ("agent", "data.kind=common&data.wants=home"): (10_000, 1_200),
    ("agent", "status=in_progress&data.kind=common"): (34_000, 0),
    ("leader", "status=new&data.wants=home"): (16_000, 1_200),
}


@pytest.mark.parametrize(("who", "address"), MET)
def test_two_common_conditions_meet_on_their_indexes_and_few_leads_are_tried(many, who, address):
    entries, leads = MET[who, address]
    for touched in touched_by(many, getattr(many, who), address):
        assert not touched.sequential, str(touched)
        assert touched.rows <= entries, str(touched)
        assert touched.looked_at <= leads, str(touched)


@pytest.mark.parametrize("address", ["data.kind=common&data.income__gte=100", "search=asha family"])
def test_a_condition_is_tried_by_the_lead_and_never_by_a_range_of_values(many, address):
    # In a small organisation beside a large one the planner thinks every range of values small.
    few = many.neighbour
    with organization_scope(few.organization):
        touched = plans_of(lambda: page(few, few.operations, address))
    assert {"leads_leadvalue_pkey", "lead_token_lead"} & touched.indexes, str(touched)
    assert not touched.sequential
    assert touched.looked_up_by_range == 0, str(touched)


def test_a_lead_and_its_timeline_read_by_index(many):
    with organization_scope(many.organization):
        lead = get_lead(many.operations, "L10077777")
        touched = plans_of(
            lambda: (get_lead(many.operations, "L10077777"), lead_timeline(many.operations, lead))
        )
    assert not touched.sequential, str(touched)
    assert touched.rows < 20


def test_what_a_change_touches_is_counted_by_index_among_a_bounded_number_of_leads(many):
    changed = {
        "kind": {"choices": (Choice.read("common"),), "required": True},
        "remark": {"status": FieldStatus.RETIRED},
        "income": {"status": FieldStatus.RETIRED},
        "town": {"visible_if": {"field": "kind", "op": "eq", "value": "rare"}},
        "code": {"unique": False},
    }
    before = list(line_definition(many.line).fields)
    after = [replace(item, **changed.get(item.key, {})) for item in before]
    with organization_scope(many.organization):
        touched = plans_of(lambda: change_impact(many.operations, many.line, before, after))
        impact = change_impact(many.operations, many.line, before, after)
    # The newest leads once; by index, a capped count of one field's values and the few of one choice.
    assert not touched.sequential, str(touched)
    assert touched.rows <= 3 * MOST, str(touched)
    counts = {(key, each.about): each.count for key, found in impact.by_key.items() for each in found}
    assert counts[("kind", About.CHOICE_GONE)] == LeadCount(20)
    assert counts[("income", About.VALUES_STAY)] == LeadCount(MOST, at_least=True)
    assert counts[("remark", About.VALUES_STAY)] == LeadCount(MOST, of_newest=MOST)
