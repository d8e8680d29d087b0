"""Which fields a difference calls moved."""

from hypothesis import given
from hypothesis import strategies as some

from leads.fields.definition import FieldDefinition
from leads.models import FieldKind, FieldStatus
from leads.queries.line_changes import Change, compare_definitions

KEYS = "abcdefgh"


def fields(keys, **settings):
    return [
        FieldDefinition(key=key, label=key.upper(), type=FieldKind.TEXT, order=place, **settings)
        for place, key in enumerate(keys)
    ]


def moved(before, after):
    return [
        item for item in compare_definitions(fields(before), fields(after)) if item.change is Change.MOVED
    ]


@given(some.permutations(KEYS), some.permutations(KEYS))
def test_putting_the_moved_fields_behind_those_they_follow_gives_the_new_order(before, after):
    changes = moved(before, after)
    keys = [key for key in before if key not in {item.key for item in changes}]
    for item in changes:
        keys.insert(keys.index(item.follows.lower()) + 1 if item.follows else 0, item.key)
    assert keys == list(after)


@given(some.permutations(KEYS), some.integers(0, 7), some.integers(0, 7))
def test_one_field_that_was_taken_elsewhere_is_the_only_one_moved(before, start, end):
    after = list(before)
    after.insert(end, after.pop(start))
    changes = moved(before, after)
    assert len(changes) == (0 if start == end else 1)


def test_retired_fields_and_drafts_hold_no_place():
    before = fields("abc")
    after = [
        *fields("x", status=FieldStatus.DRAFT),
        *(item for item in before if item.key != "b"),
        FieldDefinition(key="b", label="B", type=FieldKind.TEXT, order=9, status=FieldStatus.RETIRED),
    ]
    (only,) = compare_definitions(before, after)
    assert (only.key, only.change, only.follows) == ("b", Change.RETIRED, None)
