"""What a draft touches: leads counted honestly, other fields, files, indexes, people."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Area, Level, Role
from accounts.services import narrow_access
from core.errors import NotPermitted
from core.services.intakes import receive_file
from leads.models import Field, LeadValue
from leads.queries import counting
from leads.queries.counting import LeadCount
from leads.queries.impact import USES, About, Finding, change_impact, field_impact, readers_of
from leads.queries.lines import draft_definitions, published_definitions
from leads.services.indexing import index_work
from leads.services.leads import create_lead
from leads.services.lines import add_field, publish_line, retire_field, update_field, update_line
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
PUNE = {"field": "city", "op": "eq", "value": "Pune"}
FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "city", "label": "City", "type": "select", "choices": ["Pune", "Delhi", "Surat"]},
    {"key": "tags", "label": "Tags", "type": "multi_select", "choices": ["hot", "old"]},
    {"key": "income", "label": "Income", "type": "money", "indexed": True},
    {"key": "note", "label": "Note", "type": "text"},
    {"key": "yearly", "label": "Yearly", "type": "computed", "formula": "income * 12"},
    {"key": "firm", "label": "Employer", "type": "text"},
    {"key": "area", "label": "Area", "type": "text", "visible_if": PUNE},
]
LEADS = [
    {"full_name": "A", "city": "Pune", "tags": "hot;old", "income": "5", "note": "x"},
    {"full_name": "B", "city": "Pune", "tags": "old", "income": "5", "note": "x"},
    {"full_name": "C", "city": "Delhi", "note": "y"},
    {"full_name": "D"},
]


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(actor):
    line = make_line(actor, FIELDS)
    for values in LEADS:
        create_lead(actor=actor, line=line, values=values)
    return line


def change(actor, key, **changes):
    return update_field(actor=actor, field=Field.objects.get(key=key), changes=changes)


def impact(actor, line):
    line.refresh_from_db()
    return change_impact(actor, line, published_definitions(line), draft_definitions(line))


def told(actor, line, key):
    return {(each.about, each.names, each.count) for each in impact(actor, line).by_key[key]}


def test_a_retired_field_tells_who_has_a_value_and_who_refers_to_it(actor, line):
    receive_file(
        actor=actor, importer="leads", target=line.code, filename="may.csv", chunks=[b"Full name,Note\nE,z\n"]
    )
    retire_field(actor=actor, field=Field.objects.get(key="note"))
    (values, files) = impact(actor, line).by_key["note"]
    assert (values.about, values.count) == (About.VALUES_STAY, LeadCount(3))
    assert values.filters == {"line": "loan", "data.note__is_not_empty": "true"}
    assert files == Finding(About.FILES_USE, ("may.csv",))


def test_the_list_that_is_linked_shows_the_leads_that_are_counted(actor, line, client_for):
    retire_field(actor=actor, field=Field.objects.get(key="note"))
    change(actor, "city", choices=["Pune", "Surat"], required=True)
    found = impact(actor, line).by_key
    client = client_for(actor)
    linked = [each for findings in found.values() for each in findings if each.filters]
    assert len(linked) == 3
    for finding in linked:
        rows = client.get("/api/v1/leads/", finding.filters).json()["results"]
        assert len(rows) == finding.count.number, finding


def test_choices_that_go_tell_how_many_leads_hold_them(actor, line):
    change(actor, "city", choices=["Pune", {"value": "Delhi", "active": False}])
    change(actor, "tags", choices=["hot"])
    assert told(actor, line, "city") == {(About.CHOICE_GONE, ("Delhi",), LeadCount(1))}
    assert told(actor, line, "tags") == {(About.CHOICE_GONE, ("old",), LeadCount(2))}
    many = [f"choice {number}" for number in range(30)]
    change(actor, "city", choices=["Pune", "Delhi", "Surat", *many])
    publish_line(actor=actor, line=line)
    change(actor, "city", choices=["Delhi"])
    assert told(actor, line, "city") == {(About.CHOICES_GONE, ("32",), LeadCount(2))}


def test_newly_required_fields_tell_which_leads_and_files_lack_them(actor, line):
    receive_file(
        actor=actor, importer="leads", target=line.code, filename="may.csv", chunks=[b"Full name\nE\n"]
    )
    change(actor, "city", required=True)
    change(actor, "note", required_if=PUNE)
    change(actor, "area", required=True)
    add_field(
        actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text", "required": True}
    )
    assert told(actor, line, "city") == {
        (About.LACKING, (), LeadCount(1)), (About.FILES_LACK, ("may.csv",), None),
    }  # fmt: skip
    # Required by a rule, or only where it is shown: of the leads for which that holds.
    assert told(actor, line, "note") == set()
    assert told(actor, line, "area") == {(About.LACKING, (), LeadCount(2))}
    assert (About.LACKING, (), LeadCount(4)) in told(actor, line, "pin")
    change(actor, "pin", default="0")
    assert told(actor, line, "pin") == set()


def test_values_that_a_new_rule_hides_are_counted(actor, line):
    change(actor, "note", visible_if=PUNE)
    assert told(actor, line, "note") == {(About.HIDDEN_VALUES, (), LeadCount(1))}
    # What only the interpreter can judge is not guessed.
    change(actor, "note", visible_if={"field": "city", "op": "matches", "value": "^P"})
    assert told(actor, line, "note") == set()


def test_unique_index_and_name_tell_what_follows(actor, line):
    change(actor, "note", unique=True, indexed=True)
    change(actor, "income", indexed=False)
    change(actor, "firm", label="Company")
    assert told(actor, line, "note") == {
        (About.REPEATS, (), LeadCount(1)),
        (About.KEYS_RENEWED, (), None),
        (About.INDEX_FILLED, (), None),
    }
    assert told(actor, line, "firm") == {(About.COLUMN_NAME, ("Employer",), None)}
    assert told(actor, line, "income") == {(About.INDEX_CLEARED, (), None)}
    # The same that the publication does.
    work = index_work(published_definitions(line), draft_definitions(line))
    assert [[item.key for item in part] for part in (work.filled, work.cleared, work.rekeyed)] == [
        ["note"], ["income"], ["note"],
    ]  # fmt: skip
    change(actor, "firm", aliases=["Employer"])
    assert told(actor, line, "firm") == set()


def test_who_sees_less_and_who_fills_less_is_named(actor, line):
    change(actor, "note", visible_to=["admin", "operations", "agent"])
    change(actor, "city", editable_by=["admin", "operations"])
    change(actor, "area", pii=True)
    assert told(actor, line, "note") == {
        (About.NO_LONGER_SEEN, ("team_leader", "finance", "auditor", "partner"), None)
    }
    assert told(actor, line, "city") == {(About.NO_LONGER_FILLED, ("team_leader", "agent", "partner"), None)}
    assert told(actor, line, "area") == {(About.MASKED_NOW, ("finance", "auditor", "partner"), None)}
    publish_line(actor=actor, line=line)
    change(actor, "note", visible_to=[])
    assert told(actor, line, "note") == {
        (About.SEEN_NOW, ("team_leader", "finance", "auditor", "partner"), None)
    }


def test_a_field_tells_where_it_is_used(actor, line):
    update_line(actor=actor, line=line, duplicate_match=["name+city"])
    line.refresh_from_db()
    found = field_impact(actor, line, published_definitions(line), draft_definitions(line), "city").by_key[
        USES
    ]
    assert {(each.about, each.names) for each in found} == {
        (About.VALUES, ()), (About.USED_BY, ("Area",)), (About.TELLS_REPEATS, ("name+city",)),
    }  # fmt: skip
    fields = draft_definitions(line)
    assert [item.key for item in readers_of("income", fields)] == ["yearly"]
    name = field_impact(actor, line, fields, fields, "full_name").by_key[USES]
    assert (About.FILLS, ("name",)) in {(each.about, each.names) for each in name}


def test_beyond_the_newest_every_count_says_so(actor, line, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 2)
    change(actor, "city", choices=["Surat"])
    retire_field(actor=actor, field=Field.objects.get(key="note"))
    found = impact(actor, line)
    assert found.leads == LeadCount(2, at_least=True)
    assert told(actor, line, "note") == {(About.VALUES_STAY, (), LeadCount(1, of_newest=2))}
    # The two newest hold no Pune: that none was found is told, not that there is none.
    assert told(actor, line, "city") == {
        (About.CHOICE_GONE, ("Pune",), LeadCount(0, of_newest=2)),
        (About.CHOICE_GONE, ("Delhi",), LeadCount(1, of_newest=2)),
    }


def test_what_an_index_holds_is_counted_there(actor, line, monkeypatch):
    change(actor, "yearly", status="retired")
    change(actor, "income", status="retired")
    monkeypatch.setattr(counting, "MOST", 3)
    assert LeadValue.objects.count() == 2
    assert (About.VALUES_STAY, (), LeadCount(2)) in told(actor, line, "income")
    monkeypatch.setattr(counting, "MOST", 1)
    assert (About.VALUES_STAY, (), LeadCount(1, at_least=True)) in told(actor, line, "income")


def test_leads_are_counted_as_far_as_they_are_read(actor, line, actor_for):
    retire_field(actor=actor, field=Field.objects.get(key="note"))
    admin = actor_for(Role.ADMIN)
    leader = actor_for(Role.TEAM_LEADER)
    found = impact(leader, line)
    assert (found.is_partial, found.by_key["note"]) == (True, [])
    narrow_access(actor=admin, role=Role.OPERATIONS, area=Area.LEADS, verb="read", level=Level.NONE)
    blind = impact(actor_for(Role.OPERATIONS), line)
    assert (blind.leads, blind.by_key["note"]) == (None, [])
    with pytest.raises(NotPermitted):
        impact(actor_for(Role.AGENT), line)


def test_many_changes_take_as_few_queries_as_one(actor, line):
    change(actor, "note", unique=True, required=True)
    change(actor, "city", choices=["Pune", "Surat"])
    with CaptureQueriesContext(connection) as few:
        impact(actor, line)
    change(actor, "city", choices=["Surat"], required=True)
    change(actor, "tags", choices=["new"], visible_if=PUNE)
    change(actor, "area", required=True)
    with CaptureQueriesContext(connection) as many:
        impact(actor, line)
    assert len(many) <= len(few)
