"""Drafts taken back, versions that come back, and two people at one draft."""

import pytest

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope, system_scope
from leads.fields.line import line_definition
from leads.models import Field, LineVersion
from leads.queries.draft_edits import draft_token, edits_since
from leads.queries.line_changes import Change
from leads.queries.lines import draft_definitions, line_difference
from leads.services.layout import LaidOut, arrange_fields
from leads.services.lines import (
    add_field,
    create_line,
    publish_line,
    remove_field,
    retire_field,
    update_field,
    update_line,
)
from leads.services.reverting import discard_draft, restore_version
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
NAME, STORY, AGE = ONE_OF_EACH[:3]
PIN = {"key": "pin", "label": "PIN", "type": "text"}


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(actor):
    return make_line(actor, [NAME, STORY, AGE])


def change(actor, key, **changes):
    return update_field(actor=actor, field=Field.objects.get(key=key), changes=changes)


def in_force(line):
    line.refresh_from_db()
    return [(item.key, item.label, item.required, str(item.status)) for item in line_definition(line).fields]


def test_a_field_put_in_the_middle_moves_no_other(actor, line):
    add_field(actor=actor, line=line, definition=PIN)
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["full_name", "pin", "story", "age"])])
    (only,) = line_difference(actor, line)
    assert (only.key, only.change, only.follows) == ("pin", Change.ADDED, "Full name")
    publish_line(actor=actor, line=line)
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["age", "full_name", "pin", "story"])])
    line.refresh_from_db()
    (only,) = line_difference(actor, line)
    assert (only.key, only.change, only.follows, only.settings) == ("age", Change.MOVED, "", ())


def test_other_numbers_in_the_same_order_are_no_difference(actor, line):
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["age", "story", "full_name"])])
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["full_name", "story", "age"])])
    Field.objects.filter(key="age").update(order=70)
    assert line_difference(actor, line) == []


def test_an_earlier_version_comes_back_as_a_draft_and_is_published(actor, line):
    first = in_force(line)
    change(actor, "story", label="Tale", required=True)
    add_field(actor=actor, line=line, definition=PIN)
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["pin", "story", "full_name", "age"])])
    publish_line(actor=actor, line=line)
    add_field(actor=actor, line=line, definition={"key": "later", "label": "Later", "type": "text"})
    changes = restore_version(actor=actor, line=line, number=1)
    assert {(item.key, item.change) for item in changes} == {
        ("full_name", Change.MOVED), ("story", Change.CHANGED), ("pin", Change.RETIRED),
    }  # fmt: skip
    # Not in force yet: publication is another step.
    assert in_force(line) != first
    assert Field.objects.get(key="later").status == "draft"
    version = publish_line(actor=actor, line=line, note="Back to version 1")
    assert (version.number, LineVersion.objects.count()) == (3, 3)
    assert in_force(line)[:3] == first
    assert in_force(line)[3:] == [("pin", "PIN", False, "retired")]


def test_restoring_what_is_in_force_changes_nothing(actor, line):
    before = draft_definitions(line)
    assert restore_version(actor=actor, line=line, number=1) == []
    assert draft_definitions(line) == before


def test_a_version_that_no_longer_fits_says_why_and_nothing_is_written(actor, line):
    add_field(actor=actor, line=line, definition=PIN)
    publish_line(actor=actor, line=line)
    update_line(actor=actor, line=line, duplicate_match=["pin"])
    with pytest.raises(ValidationFailed, match=r'Version 1 cannot come back.*no active field "pin"'):
        restore_version(actor=actor, line=line, number=1)
    # A key under which another type has been published meanwhile: raw writes only come to this.
    update_line(actor=actor, line=line, duplicate_match=[])
    row = LineVersion.objects.get(number=1)
    fields = [
        item | ({"type": "integer"} if item["key"] == "story" else {}) for item in row.definition["fields"]
    ]
    for item in fields:
        item.pop("min_length", None)
    # Versions are append-only for the application: the owner's door is the way to damage one.
    with system_scope(reason="test"):
        LineVersion.everything.filter(pk=row.pk).update(definition={"fields": fields})
    with pytest.raises(ValidationFailed, match="The type stays long_text"):
        restore_version(actor=actor, line=line, number=1)
    assert Field.objects.get(key="story").type == "long_text"


def test_unknown_versions_lines_and_people_are_refused(actor, line, actor_for, other_organization):
    with pytest.raises(NotVisible, match="no version 9"):
        restore_version(actor=actor, line=line, number=9)
    for role in (Role.AUDITOR, Role.FINANCE, Role.TEAM_LEADER, Role.AGENT, Role.PARTNER):
        for work in (
            lambda who: restore_version(actor=who, line=line, number=1),
            lambda who: discard_draft(actor=who, line=line),
        ):
            with pytest.raises(NotPermitted):
                work(actor_for(role))
    stranger = actor_for(Role.ADMIN, organization=other_organization)
    with organization_scope(other_organization), pytest.raises(NotVisible):
        restore_version(actor=stranger, line=line, number=1)


def test_a_discarded_draft_leaves_what_is_in_force(actor, line):
    before = in_force(line)
    change(actor, "story", label="Tale")
    retire_field(actor=actor, field=Field.objects.get(key="age"))
    add_field(actor=actor, line=line, definition=PIN)
    add_field(actor=actor, line=line, definition={**PIN, "key": "idea", "label": "Idea", "status": "draft"})
    arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["pin", "age", "idea"])])
    discarded = discard_draft(actor=actor, line=line)
    assert {(item.key, item.change) for item in discarded} == {
        ("pin", Change.ADDED), ("story", Change.CHANGED), ("age", Change.RETIRED),
    }  # fmt: skip
    assert line_difference(actor, line) == []
    assert in_force(line) == before
    assert list(Field.objects.order_by("order").values_list("key", flat=True)) == [
        "full_name", "story", "age", "idea",
    ]  # fmt: skip
    assert [row.history_type for row in Field.history.filter(key="pin").order_by("history_id")][-1] == "-"


def test_a_draft_that_needs_a_new_field_keeps_it_from_being_discarded(actor, line):
    add_field(actor=actor, line=line, definition=PIN)
    rule = {"field": "pin", "op": "eq", "value": "1"}
    add_field(
        actor=actor,
        line=line,
        definition={"key": "idea", "label": "Idea", "type": "text", "status": "draft", "visible_if": rule},
    )
    with pytest.raises(ValidationFailed, match='no field "pin"'):
        discard_draft(actor=actor, line=line)
    assert Field.objects.filter(key="pin").exists()


def test_what_was_never_published_cannot_be_discarded(actor):
    with pytest.raises(Conflict, match="Nothing was published"):
        discard_draft(actor=actor, line=create_line(actor=actor, code="x", name="X"))


def test_a_stale_draft_is_not_published_and_the_edits_are_named(actor, line, actor_for):
    token = draft_token(line)
    other = actor_for(Role.ADMIN, email="ravi@acme.example")
    with organization_scope(other.organization, actor_id=other.user.pk):
        change(other, "story", label="Tale")
        add_field(actor=other, line=line, definition=PIN)
    for work in (publish_line, discard_draft):
        with pytest.raises(Conflict) as refused:
            work(actor=actor, line=line, seen=token)
        assert refused.value.code == "draft_changed"
        assert "ravi@acme.example changed Tale (label); ravi@acme.example added PIN" in refused.value.message
    with pytest.raises(Conflict):
        restore_version(actor=actor, line=line, number=1, seen=token)
    assert publish_line(actor=actor, line=line, seen=draft_token(line)).number == 2
    # The other tab publishes the same draft once more.
    line.refresh_from_db()
    with pytest.raises(Conflict, match="published version 2"):
        publish_line(actor=actor, line=line, seen=token)


def test_a_change_taken_back_and_a_filled_index_are_no_edits(actor, line):
    token = draft_token(line)
    change(actor, "story", label="Tale")
    change(actor, "story", label="Story")
    pin = add_field(actor=actor, line=line, definition=PIN)
    remove_field(actor=actor, field=pin)
    Field.objects.filter(key="age").update(index_ready_at=None)
    assert edits_since(line, token) == []
    assert edits_since(line, "") == []
    assert edits_since(line, "v1-hx") != []
