"""Filters of an address: what they mean, and what is said about those that mean nothing."""

import pytest
from django.http import QueryDict

from accounts.roles import Role
from core.errors import ValidationFailed
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.services.leads import create_lead, update_lead
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]

FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "town", "label": "Town", "type": "text", "maps_to": "city"},
    {"key": "wanted", "label": "Wanted", "type": "money", "maps_to": "amount", "indexed": True},
    {
        "key": "kind",
        "label": "Kind",
        "type": "select",
        "indexed": True,
        "choices": [{"value": "sal", "label": "Salaried"}, {"value": "biz", "label": "Business, own"}],
    },
    {"key": "wants", "label": "Wants", "type": "multi_select", "choices": ["car", "home", "gold"]},
    {"key": "owns", "label": "Owns", "type": "boolean"},
    {"key": "born", "label": "Born", "type": "date"},
    {"key": "called", "label": "Called", "type": "datetime", "indexed": True},
    {"key": "payload", "label": "Payload", "type": "json"},
    {"key": "score_now", "label": "Score", "type": "integer"},
]
ASHA = {
    "full_name": "Asha",
    "town": "Navi Mumbai",
    "wanted": "500000",
    "kind": "sal",
    "wants": ["car", "home"],
    "owns": True,
    "born": "1990-01-31",
    "called": "2024-03-10T20:00:00+00:00",
    "score_now": 7,
}
RAVI = {
    "full_name": "Ravi",
    "town": "Pune",
    "wanted": "-12.5",
    "kind": "biz",
    "owns": False,
    "born": "1985-12-01",
}


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def agent(actor_for):
    return actor_for(Role.AGENT, name="Agent")


@pytest.fixture
def line(operations):
    return make_line(operations, FIELDS, stages=["new", "site_visit"])


@pytest.fixture
def leads(operations, agent, line):
    made = create_lead(
        actor=agent, line=line, values=ASHA, attributes={"source": "Web Site", "campaign": "Diwali"}
    )
    ravi = create_lead(actor=operations, line=line, values=RAVI, attributes={"status": "approved"})
    create_lead(actor=operations, line=line, values={"full_name": "Nobody"})
    update_lead(
        actor=operations, reference=ravi.lead.reference, values={}, attributes={"stage": "site_visit"}
    )
    return made.lead, ravi.lead


def names(actor, line, address):
    conditions = parse_filters(Catalog(actor, line), QueryDict(address))
    return sorted(lead.name for lead in list_leads(actor, LeadListQuery(line, conditions=conditions)).rows)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ["Asha", "Nobody", "Ravi"]),
        ("status=", ["Asha", "Nobody", "Ravi"]),
        ("status=approved", ["Ravi"]),
        ("status=Approved", ["Ravi"]),
        ("status=new&status=approved", ["Asha", "Nobody", "Ravi"]),
        ("status__ne=approved", ["Asha", "Nobody"]),
        ("stage=Site%20visit", ["Ravi"]),
        ("stage=SITE_VISIT", ["Ravi"]),
        ("source=web%20site", ["Asha"]),
        ("source__is_empty=true", ["Nobody", "Ravi"]),
        ("campaign=diwali", ["Asha"]),
        ("campaign=holi", []),
        ("city=PUNE", ["Ravi"]),
        ("city__contains=mumbai", ["Asha"]),
        ("data.town__starts_with=navi", ["Asha"]),
        ("data.town__ends_with=mumbai", ["Asha"]),
        ("data.town__in=Pune,Delhi", ["Ravi"]),
        ("data.town=Pune&data.town=Navi%20Mumbai", ["Asha", "Ravi"]),
        ("data.town__not_in=Pune", ["Asha"]),
        ("data.town__is_empty=yes", ["Nobody"]),
        ("data.town__is_empty=no", ["Asha", "Ravi"]),
        ("data.town__is_not_empty=1", ["Asha", "Ravi"]),
        ("data.town__matches=^Navi", ["Asha"]),
        ("amount__gte=500000", ["Asha"]),
        ("amount__lt=-12.4999999", ["Ravi"]),
        ("data.wanted__between=-13,0", ["Ravi"]),
        ("data.wanted=500000.00", ["Asha"]),
        ("data.wanted__gt=99999999999999999999999", []),
        ("data.kind=sal", ["Asha"]),
        ("data.kind=salaried", ["Asha"]),
        ("data.kind=Business,%20own", ["Ravi"]),
        ("data.kind__in=sal&data.kind__in=Business,%20own", ["Asha", "Ravi"]),
        ("data.kind__ne=sal", ["Ravi"]),
        ("data.wants=car", ["Asha"]),
        ("data.wants=gold&data.wants=home", ["Asha"]),
        ("data.wants__has_all=car,home", ["Asha"]),
        ("data.wants__has_all=car,gold", []),
        ("data.owns=yes", ["Asha"]),
        ("data.owns=false", ["Ravi"]),
        ("data.born__lt=1990-01-01", ["Ravi"]),
        ("data.born__within_days=36500", ["Asha", "Ravi"]),
        ("data.called=2024-03-11", ["Asha"]),  # 01:30 of that day in India
        ("data.called=2024-03-10", []),
        ("data.called__gt=2024-03-10", ["Asha"]),
        ("data.called__lte=2024-03-10", []),
        ("data.called__lte=2024-03-11", ["Asha"]),
        ("data.called__between=2024-03-11,2024-03-11", ["Asha"]),
        ("data.called=2024-03-10&data.called=2024-03-11", ["Asha"]),
        ("data.called__gte=2024-03-11T01:30", ["Asha"]),
        ("data.called__gte=2024-03-11T01:31", []),
        ("data.called__lte=9999-12-31", ["Asha"]),
        ("data.called__gt=9999-12-31", []),
        ("data.score_now=7", ["Asha"]),
        ("data.score_now__gte=7", ["Asha"]),
        ("created__gte=2020-01-01", ["Asha", "Nobody", "Ravi"]),
        ("created__lt=2020-01-01", []),
        ("updated__within_days=1", ["Asha", "Nobody", "Ravi"]),
        ("repeat_enquiries=0", ["Asha", "Nobody", "Ravi"]),
        ("import__is_empty=true", ["Asha", "Nobody", "Ravi"]),
        ("owner=me", ["Nobody", "Ravi"]),
        ("owner=none", []),
        ("owner__ne=me", ["Asha"]),
        ("owner__in=me,none", ["Nobody", "Ravi"]),
        ("owner=999999999", []),
        ("owner__is_empty=false", ["Asha", "Nobody", "Ravi"]),
        ("status=new&data.kind=sal&city__contains=Navi", ["Asha"]),
    ],
)
def test_a_filter_means(operations, line, leads, address, expected):
    assert names(operations, line, address) == expected


def test_an_owner_is_named_by_number(operations, agent, line, leads):
    assert names(operations, line, f"owner={agent.membership.pk}") == ["Asha"]
    assert names(operations, line, f"owner__ne={agent.membership.pk}") == ["Nobody", "Ravi"]


@pytest.mark.parametrize(
    ("address", "parameter", "code"),
    [
        ("colour=red", "colour", "unknown_filter"),
        ("data.colour=red", "data.colour", "unknown_filter"),
        ("data.payload=1", "data.payload", "unknown_filter"),
        ("town=Pune", "town", "unknown_filter"),
        ("data.town__like=x", "data.town__like", "unknown_operator"),
        ("data.town__gte=x", "data.town__gte", "operator_not_for_kind"),
        ("data.town__matches=(", "data.town__matches", "invalid_pattern"),
        ("status=sleeping", "status", "choice"),
        ("data.kind=student", "data.kind", "choice"),
        ("data.wanted__gte=a%20lot", "data.wanted__gte", "wrong_type"),
        ("data.wanted__between=1", "data.wanted__between", "not_a_pair"),
        ("data.called__between=2024-01-01", "data.called__between", "not_a_pair"),
        ("data.owns=perhaps", "data.owns", "wrong_type"),
        ("data.town__is_empty=perhaps", "data.town__is_empty", "wrong_type"),
        ("data.born=31/01/1990", "data.born", "wrong_type"),
        ("data.called=soon", "data.called", "wrong_type"),
        ("data.born__within_days=-1", "data.born__within_days", "not_days"),
        ("data.born__within_days=%D9%A1", "data.born__within_days", "not_days"),
        ("owner=asha", "owner", "wrong_type"),
        ("owner__contains=1", "owner__contains", "operator_not_for_kind"),
        ("data.town=%00", "data.town", "wrong_type"),
        ("created__gte=2024-13-01", "created__gte", "wrong_type"),
    ],
)
def test_what_means_nothing_is_refused_by_parameter(operations, line, address, parameter, code):
    with pytest.raises(ValidationFailed) as caught:
        parse_filters(Catalog(operations, line), QueryDict(address))
    assert [(name, errors[0].code) for name, errors in caught.value.fields.items()] == [(parameter, code)]
    assert caught.value.fields[parameter][0].message


def test_all_mistakes_are_told_at_once(operations, line):
    with pytest.raises(ValidationFailed) as caught:
        parse_filters(Catalog(operations, line), QueryDict("colour=red&status=sleeping&data.kind=sal"))
    assert set(caught.value.fields) == {"colour", "status"}


def test_filters_are_a_rule_that_can_be_kept(operations, line):
    catalog = Catalog(operations, line)
    assert parse_filters(catalog, {"status": "new", "owner": "me", "data.wanted__gte": "5"}) == {
        "all": [
            {"field": "status", "op": "eq", "value": "new"},
            {"field": "owner", "op": "in", "value": ["me"]},
            {"field": "data.wanted", "op": "gte", "value": "5"},
        ]
    }
    assert parse_filters(catalog, {}) is None


def test_fields_belong_to_a_line(operations, line, leads):
    with pytest.raises(ValidationFailed) as caught:
        parse_filters(Catalog(operations, None), QueryDict("data.town=Pune"))
    assert "line=" in caught.value.fields["data.town"][0].message
    assert names(operations, None, "city=pune") == ["Ravi"]
    assert names(operations, None, "amount__gte=0&status=new") == ["Asha"]


def test_a_rule_on_a_field_that_is_none_is_refused(operations, line):
    for conditions in ({"field": "data.nothing", "op": "eq", "value": "x"}, {"nonsense": 1}, [], "x"):
        with pytest.raises(ValidationFailed):
            list_leads(operations, LeadListQuery(line, conditions=conditions or {"x": 1}))


def test_slow_filters_say_so_and_fast_ones_do_not(operations, line, leads):
    def notes(address, **query):
        conditions = parse_filters(Catalog(operations, line), QueryDict(address))
        return list_leads(operations, LeadListQuery(line, conditions=conditions, **query)).slow_notes

    assert notes("status=new&owner=me&created__gte=2020-01-01") == []
    assert notes("data.wanted__gte=5") == []
    assert notes("", ordering="-data.wanted") == []
    assert ["Town" in note for note in notes("data.town=Pune")] == [True]
    assert ["Updated" in note for note in notes("", ordering="updated")] == [True]
    # The index finds few, so that nothing slow is left to do.
    assert notes("data.town=Pune&data.wanted__gte=5") == []
