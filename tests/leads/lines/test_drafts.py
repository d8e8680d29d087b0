"""A line from its opening to its versions, by the services."""

import pytest

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import Field, LineVersion
from leads.queries.line_changes import Change, SettingChange
from leads.queries.lines import get_line, line_difference, unpublished_lines, usable_lines, visible_lines
from leads.services.layout import LaidOut, arrange_fields
from leads.services.lines import (
    add_field,
    create_line,
    publish_line,
    remove_field,
    restore_field,
    retire_field,
    update_field,
    update_line,
)
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
CITY = {"key": "city", "label": "City", "type": "select", "choices": ["Pune", "Delhi"]}


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


def test_a_line_is_published_once_it_has_fields(actor):
    line = create_line(actor=actor, code="loan", name="  Personal   loan ")
    assert (line.name, line.currency, line.version, line.stages[0]) == ("Personal loan", "INR", 0, "new")
    with pytest.raises(ValidationFailed, match="no active field"):
        publish_line(actor=actor, line=line)
    for definition in ONE_OF_EACH:
        add_field(actor=actor, line=line, definition=definition)
    version = publish_line(actor=actor, line=line, note="First")
    line.refresh_from_db()
    assert (version.number, line.version, version.note) == (1, 1, "First")
    compiled = line_definition(line)
    assert [item.key for item in compiled.active] == [definition["key"] for definition in ONE_OF_EACH]
    assert all(item.id for item in compiled.fields)
    assert version.history.get().history_change_reason == "First"


def test_publishing_again_without_a_change_makes_no_version(actor):
    line = make_line(actor)
    before = LineVersion.history.count()
    assert publish_line(actor=actor, line=line).number == 1
    assert line_difference(actor, line) == []
    assert LineVersion.history.count() == before


def test_the_difference_names_each_setting(actor):
    line = make_line(actor, [CITY, ONE_OF_EACH[0]])
    city, name = Field.objects.order_by("order")
    update_field(actor=actor, field=city, changes={"required": True, "help": "Where they live"})
    retire_field(actor=actor, field=name)
    add_field(actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text"})
    add_field(
        actor=actor,
        line=line,
        definition={"key": "later", "label": "Later", "type": "text", "status": "draft"},
    )
    changes = line_difference(actor, line)
    assert [(change.key, change.change) for change in changes] == [
        ("city", Change.CHANGED), ("full_name", Change.RETIRED), ("pin", Change.ADDED),
    ]  # fmt: skip
    assert changes[0].settings == (
        SettingChange("help", None, "Where they live"),
        SettingChange("required", None, True),
    )
    assert unpublished_lines(actor) == [line]
    version = publish_line(actor=actor, line=line)
    assert [(item["key"], item.get("status")) for item in version.definition["fields"]] == [
        ("city", None), ("full_name", "retired"), ("pin", None),
    ]  # fmt: skip
    assert unpublished_lines(actor) == []
    restore_field(actor=actor, field=name)
    assert [change.change for change in line_difference(actor, line)] == [Change.RESTORED]


def test_problems_are_told_by_setting_and_nothing_is_stored(actor):
    line = create_line(actor=actor, code="loan", name="Loan")
    with pytest.raises(ValidationFailed) as refused:
        add_field(
            actor=actor, line=line, definition={"key": "A", "label": "", "type": "select", "choices": []}
        )
    assert set(refused.value.fields) == {"key", "label", "choices"}
    assert not Field.objects.exists()


def test_a_published_key_and_type_are_fixed(actor):
    line = make_line(actor, [CITY])
    city = Field.objects.get(key="city")
    for changes in ({"key": "town"}, {"type": "text", "choices": None}):
        with pytest.raises(ValidationFailed):
            update_field(actor=actor, field=city, changes=changes)
    pin = add_field(actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text"})
    update_field(actor=actor, field=pin, changes={"key": "pin_code", "type": "integer"})
    assert Field.objects.get(pk=pin.pk).type == "integer"


def test_a_change_may_not_break_another_field(actor):
    line = make_line(actor, ONE_OF_EACH)
    kind = Field.objects.get(key="kind")
    with pytest.raises(ValidationFailed, match="retired"):
        retire_field(actor=actor, field=kind)
    update_line(actor=actor, line=line, duplicate_match=["mobile"])
    with pytest.raises(ValidationFailed, match="no active field"):
        retire_field(actor=actor, field=Field.objects.get(key="mobile"))
    assert Field.objects.get(key="kind").status == "active"


def test_only_unpublished_fields_are_removed(actor):
    line = make_line(actor, [CITY])
    with pytest.raises(Conflict, match="Retire it"):
        remove_field(actor=actor, field=Field.objects.get(key="city"))
    extra = add_field(actor=actor, line=line, definition={"key": "pin", "label": "PIN", "type": "text"})
    rule = {"field": "pin", "op": "eq", "value": "1"}
    reader = add_field(
        actor=actor, line=line, definition={"key": "x", "label": "X", "type": "text", "visible_if": rule}
    )
    with pytest.raises(ValidationFailed):
        remove_field(actor=actor, field=extra)
    remove_field(actor=actor, field=reader)
    remove_field(actor=actor, field=extra)
    assert [row.history_type for row in Field.history.filter(key="pin")] == ["-", "+"]


def test_fields_are_reordered(actor):
    line = make_line(actor, [CITY, ONE_OF_EACH[0], ONE_OF_EACH[1]])
    rows = arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["story", "city"])])
    assert [(row.key, row.order) for row in rows] == [("story", 1), ("city", 2), ("full_name", 3)]
    with pytest.raises(ValidationFailed, match="nope"):
        arrange_fields(actor=actor, line=line, sections=[LaidOut("", ["nope"])])


def test_line_settings_are_checked(actor):
    line = make_line(actor)
    changed = update_line(
        actor=actor,
        line=line,
        duplicate_match=["phone", "full_name + mobile"],
        stages=["hot", " cold "],
        reason="cleanup",
    )
    assert (changed.duplicate_match, changed.stages) == (["phone", "full_name+mobile"], ["hot", "cold"])
    assert line.history.first().history_change_reason == "cleanup"
    for changes, name in (
        ({"code": "other"}, "code"),
        ({"currency": "XYZ"}, "currency"),
        ({"name": ""}, "name"),
        ({"stages": ["hot", "Hot"]}, "stages"),
        ({"duplicate_match": ["email"]}, "duplicate_match[0]"),
        ({"on_duplicate": "merge"}, "on_duplicate"),
        ({"colour": "red"}, "colour"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            update_line(actor=actor, line=line, **changes)
        assert set(refused.value.fields) == {name}
    with pytest.raises(Conflict, match="another code"):
        create_line(actor=actor, code="loan", name="Again")


def test_nothing_changed_leaves_no_history(actor):
    line = make_line(actor, [CITY])
    before = (Field.history.count(), line.history.count())
    update_line(actor=actor, line=line, name=line.name)
    update_field(actor=actor, field=Field.objects.get(), changes={"label": "City"})
    assert (Field.history.count(), line.history.count()) == before


def test_who_may_not_configure_is_refused(actor, actor_for):
    line = make_line(actor)
    for role in (Role.AGENT, Role.TEAM_LEADER, Role.FINANCE, Role.AUDITOR, Role.PARTNER):
        other = actor_for(role)
        for attempt in (
            lambda other=other: create_line(actor=other, code="x", name="X"),
            lambda other=other: update_line(actor=other, line=line, name="X"),
            lambda other=other: add_field(actor=other, line=line, definition=CITY),
            lambda other=other: publish_line(actor=other, line=line),
        ):
            with pytest.raises(NotPermitted):
                attempt()
    assert not visible_lines(actor_for(Role.AGENT)).exists()
    assert usable_lines(actor_for(Role.AGENT)).get() == line


def test_another_organisation_sees_no_line(actor, actor_for, other_organization):
    line = make_line(actor)
    other = actor_for(Role.ADMIN, organization=other_organization)
    with organization_scope(other_organization):
        with pytest.raises(NotVisible):
            get_line(other, "loan")
        with pytest.raises(NotVisible):
            update_line(actor=other, line=line, name="Mine")
        with pytest.raises(NotVisible):
            update_field(actor=other, field=Field(pk=1, line=line, key="full_name"), changes={})


def test_agents_use_active_published_lines(actor, actor_for):
    line = make_line(actor)
    create_line(actor=actor, code="empty", name="Empty")
    agent = actor_for(Role.AGENT)
    assert [found.code for found in usable_lines(agent)] == ["loan"]
    with pytest.raises(NotVisible):
        get_line(agent, "empty")
    update_line(actor=actor, line=line, is_active=False)
    assert not usable_lines(agent).exists()
    assert get_line(actor, "loan") == line
