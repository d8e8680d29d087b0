"""A list shows and tells each person what the person may see, and not a letter more."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from core.errors import NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope, system_scope
from leads.models import Campaign, Field, Lead, Source
from leads.presentation import LeadReader, list_columns
from leads.queries.history import lead_timeline
from leads.queries.lead_list import (
    Catalog,
    LeadListQuery,
    iterate_leads,
    list_leads,
    orderable,
    parse_filters,
)
from leads.queries.leads import get_lead
from leads.services.leads import assign_lead, create_lead, restore_lead, update_lead, withdraw_lead
from leads.services.lines import publish_line, retire_field
from leads.services.recording import count_repeats
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True, "indexed": True},
    {"key": "income", "label": "Income", "type": "money", "maps_to": "amount", "pii": True, "indexed": True},
    {"key": "rating", "label": "Rating", "type": "text", "visible_to": ["finance", "operations"]},
    {
        "key": "wants",
        "label": "Wants",
        "type": "multi_select",
        "choices": [{"value": "c", "label": "Car"}, "Home"],
    },
    {"key": "ratio", "label": "Ratio", "type": "decimal"},
    {"key": "share", "label": "Share", "type": "percent"},
    {"key": "owns", "label": "Owns", "type": "boolean"},
    {"key": "born", "label": "Born", "type": "date"},
    {"key": "called", "label": "Called", "type": "datetime"},
    {"key": "at", "label": "At", "type": "time"},
    {"key": "payload", "label": "Payload", "type": "json"},
    {"key": "old", "label": "Old", "type": "text"},
]
VALUES = {
    "full_name": "Asha Rao",
    "mobile": "+919876543210",
    "income": "1234567.5",
    "wants": ["c", "Home"],
    "ratio": "1.5",
    "share": "12.25",
    "owns": True,
    "born": "1990-01-31",
    "called": "2024-03-10T20:00:00+00:00",
    "at": "09:30",
    "payload": {"a": [1]},
    "old": "kept",
}


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS, name="Olga")


@pytest.fixture
def line(operations):
    return make_line(operations, FIELDS)


@pytest.fixture
def leader(actor_for):
    return actor_for(Role.TEAM_LEADER, name="Lina")


@pytest.fixture
def agent(actor_for, leader):
    return actor_for(Role.AGENT, name="Arun", manager=leader)


@pytest.fixture
def lead(agent, operations, line):
    made = create_lead(actor=agent, line=line, values=VALUES, attributes={"source": "Web"}).lead
    update_lead(actor=operations, reference=made.reference, values={"rating": "A"})
    return get_lead(operations, made.reference)


def test_each_person_lists_the_rows_of_the_role(actor_for, leader, agent, operations, line, lead):
    other = actor_for(Role.AGENT)
    for actor, seen in ((operations, 1), (leader, 1), (agent, 1), (other, 0), (actor_for(Role.AUDITOR), 1)):
        assert len(list_leads(actor, LeadListQuery(line)).rows) == seen
    with pytest.raises(NotVisible):
        get_lead(other, lead.reference)


def test_rows_of_another_organisation_are_never_listed(actor_for, other_organization, lead):
    stranger = actor_for(Role.ADMIN, organization=other_organization)
    with organization_scope(other_organization):
        assert list(iterate_leads(stranger, LeadListQuery())) == []
        assert list_leads(stranger, LeadListQuery(search="asha")).rows == []


def test_who_has_no_role_lists_nothing(agent, line):
    object.__setattr__(agent, "roles", frozenset())
    with pytest.raises(NotPermitted):
        list_leads(agent, LeadListQuery(line))


@pytest.mark.parametrize("name", ["data.mobile", "data.income", "phone", "amount"])
def test_what_is_masked_cannot_be_asked_for(actor_for, line, lead, name):
    auditor = actor_for(Role.AUDITOR)
    catalog = Catalog(auditor, line)
    assert name not in catalog.entries
    assert name not in orderable(catalog)
    with pytest.raises(ValidationFailed):
        parse_filters(catalog, {name: "1"})
    with pytest.raises(ValidationFailed):
        list_leads(auditor, LeadListQuery(line, conditions={"field": name, "op": "is_not_empty"}))
    with pytest.raises(ValidationFailed):
        list_leads(auditor, LeadListQuery(line, ordering=name))
    assert name not in Catalog(auditor, None).entries


def test_what_is_hidden_cannot_be_asked_for(actor_for, agent, line):
    assert "data.rating" not in Catalog(agent, line).entries
    assert "data.rating" in Catalog(actor_for(Role.FINANCE), line).entries


def test_who_may_edit_a_lead_reads_it_clearly(agent, leader, operations, lead):
    for actor in (agent, leader, operations):
        payload = LeadReader(actor).payload(lead)
        assert (payload["phone"], payload["amount"], payload["masked"]) == ("+919876543210", "1234567.50", [])
        assert ("rating" in payload["data"]) is (actor is operations)


def test_others_read_masks(actor_for, lead):
    payload = LeadReader(actor_for(Role.AUDITOR)).payload(lead)
    assert payload["phone"] == payload["data"]["mobile"] == "••••3210"
    assert payload["amount"] == payload["data"]["income"] == "••••"
    assert payload["masked"] == ["phone", "amount", "data.mobile", "data.income"]
    assert "rating" not in payload["data"]
    assert payload["name"] == "Asha Rao"


def test_a_payload_is_json_of_the_stored_values(operations, lead):
    payload = LeadReader(operations).payload(lead)
    assert payload["data"]["income"] == "1234567.50"
    assert payload["data"]["born"] == "1990-01-31"
    assert payload["data"]["payload"] == {"a": [1]}
    assert payload["owner"] == {"id": lead.owner_id, "name": "Arun"}
    assert payload["team"]["name"] == "Lina"
    assert (payload["source"], payload["campaign"], payload["line"]) == ("Web", None, "loan")
    assert dt.datetime.fromisoformat(payload["created"]) == lead.created_at


def test_texts_are_written_as_the_organisation_writes(operations, line, lead):
    reader = LeadReader(operations)
    columns = {column.key: column for column in list_columns(operations, line)}
    texts = {key: reader.column(lead, column).text for key, column in columns.items()}
    assert texts["data.income"] == "₹ 12,34,567.50"
    assert texts["data.wants"] == "Car, Home"
    assert texts["data.ratio"] == "1.5"
    assert texts["data.share"] == "12.25\u202f%"
    assert texts["data.owns"] == "Yes"
    assert texts["data.born"] == "31 Jan 1990"
    assert texts["data.called"] == "11 Mar 2024, 01:30"
    assert texts["data.at"] == "09:30"
    assert texts["data.payload"] == '{"a": [1]}'
    assert (texts["status"], texts["owner"], texts["source"]) == ("New", "Arun", "Web")
    assert reader.column(lead, columns["data.mobile"]).kind == "phone"
    assert columns["data.income"].is_figure


def test_what_a_raw_write_left_is_shown_as_it_is(operations, line, lead):
    lead.data |= {"income": "n/a", "born": "soon", "wants": 5, "owns": "x", "ratio": None}
    reader = LeadReader(operations)
    for column in list_columns(operations, line):
        reader.column(lead, column)
        reader.cell(lead, column)
    assert reader.payload(lead)["data"]["income"] == "n/a"


def test_the_columns_of_all_lines_are_what_leads_share(operations, actor_for, line, lead):
    keys = [column.key for column in list_columns(operations, None)]
    assert {"reference", "line", "name", "phone", "amount", "city"} <= set(keys)
    auditor = LeadReader(actor_for(Role.AUDITOR))
    shown = {column.key: auditor.column(lead, column) for column in list_columns(auditor.actor, None)}
    assert shown["phone"].is_masked
    assert shown["line"].text == "Loan"
    assert (
        auditor.cell(lead, next(c for c in list_columns(auditor.actor, None) if c.key == "amount")) == "••••"
    )


def test_a_retired_field_stays_readable_and_findable(operations, line, lead):
    retire_field(actor=operations, field=Field.objects.get(key="old"))
    publish_line(actor=operations, line=line)
    line.refresh_from_db()
    fresh = get_lead(operations, lead.reference)
    assert LeadReader(operations).payload(fresh)["data"]["old"] == "kept"
    last = list_columns(operations, line)[-1]
    assert (last.key, last.is_retired) == ("data.old", True)
    query = LeadListQuery(line, conditions={"field": "data.old", "op": "eq", "value": "KEPT"})
    assert len(list_leads(operations, query).rows) == 1


# What happened


def test_a_timeline_tells_who_did_what(agent, operations, leader, line, lead):
    with organization_scope(operations.organization, actor_id=operations.user.pk, request_id="r1"):
        update_lead(
            actor=operations,
            reference=lead.reference,
            values={"income": "90000", "wants": []},
            attributes={"status": "approved"},
        )
        count_repeats({lead.pk: 1})
        assign_lead(actor=operations, reference=lead.reference, owner=leader.membership)
        withdraw_lead(actor=operations, reference=lead.reference)
        restore_lead(actor=operations, reference=lead.reference)
    entries = lead_timeline(operations, get_lead(operations, lead.reference)).entries
    assert [entry.kind for entry in entries] == [
        "restored", "withdrawn", "changed", "repeated", "changed", "changed", "created",
    ]  # fmt: skip
    changed = {change.name: (change.old, change.new) for change in entries[4].changes}
    assert changed == {
        "status": ("New", "Approved"),
        "data.income": ("₹ 12,34,567.50", "₹ 90,000.00"),
        "data.wants": ("Car, Home", ""),
    }
    assert (entries[4].actor, entries[4].request_id) == ("Olga", "r1")
    assert {change.name: change.new for change in entries[2].changes} == {"owner": "Lina"}
    assert entries[-1].actor == "System"


def test_a_timeline_names_who_and_what_is_gone_since(operations, leader, lead):
    with organization_scope(operations.organization, actor_id=leader.user.pk):
        origin = {"source": "Fair", "campaign": "Spring"}
        update_lead(actor=operations, reference=lead.reference, values={}, attributes=origin)
        assign_lead(actor=operations, reference=lead.reference, owner=leader.membership)
    gone = {"deleted_at": timezone.now()}
    Source.objects.filter(name="Fair").update(**gone)
    Campaign.objects.filter(name="Spring").update(**gone)
    with system_scope(reason="test"):
        Membership.objects.filter(pk=leader.membership.pk).update(**gone)
    entries = lead_timeline(operations, get_lead(operations, lead.reference)).entries
    told = {(change.name, change.new) for entry in entries for change in entry.changes}
    assert told >= {("source", "Fair"), ("campaign", "Spring"), ("owner", "Lina")}
    assert entries[0].actor == "Lina"


def test_a_timeline_is_masked_as_the_lead_is(actor_for, operations, lead):
    update_lead(actor=operations, reference=lead.reference, values={"mobile": "+919811122233", "rating": "B"})
    entries = lead_timeline(actor_for(Role.AUDITOR), lead).entries
    changes = [change for entry in entries for change in entry.changes]
    assert [(change.name, change.old, change.new) for change in changes] == [
        ("data.mobile", "••••3210", "••••2233")
    ]


def test_a_timeline_comes_in_pages(operations, lead):
    for number in range(5):
        update_lead(actor=operations, reference=lead.reference, values={"old": f"text {number}"})
    whole = lead_timeline(operations, lead).entries
    first = lead_timeline(operations, lead, limit=3)
    second = lead_timeline(operations, lead, limit=3, older_than=first.older)
    third = lead_timeline(operations, lead, limit=3, older_than=second.older)
    assert [*first.entries, *second.entries, *third.entries] == whole
    assert third.older == ""
    for wrong in ("x", "-1", "9" * 30, "١"):
        with pytest.raises(ValidationFailed):
            lead_timeline(operations, lead, older_than=wrong)


def test_raw_sql_is_told_too(operations, lead):
    Lead.objects.filter(pk=lead.pk).update(stage="documents")
    entry = lead_timeline(operations, lead).entries[0]
    assert [(change.label, change.old, change.new) for change in entry.changes] == [
        ("Stage", "New", "Documents")
    ]
