"""The order of fields as the form has it, and one step in it."""

from hypothesis import given
from hypothesis import strategies as some

from leads.fields.definition import FieldDefinition
from leads.models import FieldKind, FieldStatus
from leads.queries.form_order import Move, form_sections, moved_keys


def field(key, section="", status=FieldStatus.ACTIVE):
    return FieldDefinition(key=key, label=key, type=FieldKind.TEXT, section=section, status=status)


FIELDS = [field("a", "One"), field("b", "Two"), field("old", "One", FieldStatus.RETIRED), field("c", "One")]


def sections(definitions):
    return [
        (each.title, each.is_on_form, [item.key for item in each.fields])
        for each in form_sections(definitions)
    ]


def test_sections_stand_where_their_first_field_stands():
    assert sections(FIELDS) == [("One", True, ["a", "c"]), ("Two", True, ["b"]), ("", False, ["old"])]


def test_a_field_moves_within_its_section_and_a_section_among_the_others():
    keys = ["a", "c", "b", "old"]
    assert moved_keys(FIELDS, keys, Move(1, key="a")) == ["c", "a", "b", "old"]
    assert moved_keys(FIELDS, keys, Move(-1, key="b")) == keys
    assert moved_keys(FIELDS, keys, Move(1, section=0)) == ["b", "a", "c", "old"]
    for nothing in (Move(-1, section=0), Move(1, section=1), Move(1, section=9), Move(1, key="x"), None):
        assert moved_keys(FIELDS, keys, nothing) == keys
    assert moved_keys(FIELDS, ["c", "nope", "c"], None) == ["nope", "c", "a", "b", "old"]


@given(
    some.lists(some.tuples(some.sampled_from("XYZ"), some.booleans()), max_size=8),
    some.data(),
)
def test_every_field_stays_and_a_step_back_undoes_a_step(given_fields, data):
    fields = [
        field(f"f{place}", section, FieldStatus.ACTIVE if active else FieldStatus.DRAFT)
        for place, (section, active) in enumerate(given_fields)
    ]
    start = moved_keys(fields, [], None)
    assert sorted(start) == sorted(item.key for item in fields)
    if not fields:
        return
    key = data.draw(some.sampled_from(start))
    moved = moved_keys(fields, start, Move(1, key=key))
    assert sorted(moved) == sorted(start)
    if moved != start:
        assert moved_keys(fields, moved, Move(-1, key=key)) == start
