"""Choices that depend on another field: what is accepted beside what, and what goes when that changes."""

import datetime as dt
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.fields.capture import CaptureContext, capture
from leads.fields.checks import check_definitions
from leads.fields.definition import FieldDefinition
from tests.leads.fields.cascades import PLACES, choices, places

CONTEXT = CaptureContext(dt.datetime(2025, 3, 1, tzinfo=dt.UTC), ZoneInfo("Asia/Kolkata"))
PUNE = {"country": "India", "state": "Maharashtra", "city": "Pune"}


def reasons(given_values, line=None, stored=None):
    return [
        problem.reason for problem in capture(line or places(), given_values, CONTEXT, stored=stored).problems
    ]


def kept(given_values, line=None, stored=None):
    captured = capture(line or places(), given_values, CONTEXT, stored=stored)
    assert captured.problems == []
    return captured.data


def test_a_choice_is_held_against_the_one_it_depends_on():
    assert kept(PUNE | {"wards": ["Baner", "Kothrud"]}) == PUNE | {"wards": ["Baner", "Kothrud"]}
    assert kept({"country": "usa", "state": "OHIO", "city": "dayton"}) == {
        "country": "USA", "state": "Ohio", "city": "Dayton",
    }  # fmt: skip
    assert reasons(PUNE | {"state": "Bihar"}) == ["city:choice"]
    assert reasons(PUNE | {"country": "USA"}) == ["state:choice"]
    assert reasons(PUNE | {"wards": ["Baner", "Kankarbagh"]}) == ["wards:choice"]


def test_one_choice_may_have_several_parents_and_one_without_any_fits_all():
    for state in ("Maharashtra", "Bihar"):
        assert kept({"country": "India", "state": state, "city": "Aurangabad"})["city"] == "Aurangabad"
    assert kept({"country": "USA", "state": "Ohio", "city": "Elsewhere"})["city"] == "Elsewhere"


@pytest.mark.parametrize("parent", [{}, {"state": ""}, {"state": None}])
def test_beside_nothing_nothing_may_be_chosen(parent):
    assert reasons({"country": "India", **parent, "city": "Pune"}) == ["city:choice"]
    assert reasons({"country": "India", **parent, "city": "Elsewhere"}) == ["city:choice"]


def test_beside_a_hidden_field_nothing_may_be_chosen():
    line = places(state={"visible_if": {"field": "country", "op": "ne", "value": "Monaco"}})
    assert reasons({"country": "Monaco", "state": "Bihar", "city": "Patna"}, line) == ["city:choice"]


def test_a_wrong_parent_is_told_once():
    assert reasons({"country": "India", "state": "Goa", "city": "Pune"}) == ["state:choice"]


def test_a_changed_parent_takes_with_it_what_was_not_given():
    stored = PUNE | {"wards": ["Baner"], "note": "x"}
    assert kept({"state": "Bihar"}, stored=stored) == {"country": "India", "state": "Bihar", "note": "x"}
    assert kept({"country": None}, stored=stored) == {"note": "x"}
    assert kept({"state": "Bihar", "city": "Patna"}, stored=stored)["city"] == "Patna"
    both = {"country": "India", "state": "Maharashtra", "city": "Aurangabad"}
    assert kept({"state": "Bihar"}, stored=both)["city"] == "Aurangabad"


def test_a_changed_parent_refuses_what_was_given_again():
    assert reasons({"state": "Bihar", "city": "Pune"}, stored=PUNE) == ["city:choice"]


def test_a_required_choice_that_goes_is_asked_for():
    line = places(city={"required": True})
    assert reasons({"state": "Bihar"}, line, stored=PUNE) == ["city:required"]


def test_what_was_tightened_later_does_not_block_an_edit_elsewhere():
    odd = {"country": "USA", "state": "Bihar", "city": "Pune"}
    assert kept({"note": "new", "city": "Pune"}, stored=odd) == odd | {"note": "new"}


def test_a_default_that_does_not_fit_is_left_out():
    line = places(city={"default": "Pune"})
    assert kept({"country": "India", "state": "Bihar"}, line) == {"country": "India", "state": "Bihar"}
    assert kept({"country": "India", "state": "Maharashtra"}, line)["city"] == "Pune"


@given(
    st.sampled_from(["India", "USA", "Monaco", None]),
    st.sampled_from(["Maharashtra", "Bihar", "Ohio", None]),
    st.sampled_from(["Pune", "Patna", "Dayton", "Aurangabad", "Elsewhere", None]),
)
def test_what_is_kept_always_fits(country, state, city):
    line = places()
    captured = capture(line, {"country": country, "state": state, "city": city}, CONTEXT)
    for key, parent in (("state", "country"), ("city", "state")):
        if key in captured.data and parent not in {problem.field for problem in captured.problems}:
            assert line.by_key[key].offers(captured.data[key], captured.data.get(parent))


# Definitions


def problems(*definitions):
    return {(problem.path, problem.code) for problem in check_definitions(definitions)}


SELECT = {"key": "kind", "label": "Kind", "type": "select", "choices": ["A", "B"]}
CHILD = {
    "key": "sort", "label": "Sort", "type": "select", "choices_from": "kind",
    "choices": [{"value": "x", "parents": ["A"]}],
}  # fmt: skip


def test_levels_in_any_order_are_sound():
    for some in permutations(PLACES[:4]):
        assert problems(*some) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"choices_from": "nothing"}, {("fields[1].choices_from", "unknown_field")}),
        ({"choices_from": "sort"}, {("fields[1].choices_from", "unreadable_field"),
                                     ("fields[1].choices[0].parents", "unknown_choice")}),
        ({"choices_from": 5}, {("fields[1].choices_from", "wrong_value"),
                                ("fields[1].choices[0].parents", "not_for_type")}),
        ({"choices": [{"value": "x", "parents": ["C"]}]}, {("fields[1].choices[0].parents", "unknown_choice")}),
        ({"choices": [{"value": "x", "parents": "A"}]}, {("fields[1].choices[0]", "wrong_value")}),
        ({"choices_from": ""}, {("fields[1].choices[0].parents", "not_for_type")}),
        ({"choices": [{"value": "x", "parent": "A"}]}, {("fields[1].choices[0]", "wrong_value")}),
    ],
)  # fmt: skip
def test_definitions_that_cannot_work_are_refused(change, expected):
    assert problems(SELECT, CHILD | change) == expected


def test_a_parent_must_be_one_choice():
    several = SELECT | {"type": "multi_select"}
    assert problems(several, CHILD) == {("fields[1].choices_from", "unknown_field")}


def test_a_retired_parent_is_refused():
    assert ("fields[1].choices_from", "unreadable_field") in problems(SELECT | {"status": "retired"}, CHILD)


def test_circles_are_refused():
    circle = SELECT | {"choices_from": "sort", "choices": ["A"]}
    assert problems(circle, CHILD) == {
        ("fields[0].choices_from", "cycle"),
        ("fields[1].choices_from", "cycle"),
    }
    by_rule = SELECT | {"visible_if": {"field": "sort", "op": "is_empty"}}
    assert problems(by_rule, CHILD) == {
        ("fields[0].visible_if", "cycle"),
        ("fields[1].choices_from", "cycle"),
    }


def test_a_definition_reads_back_as_it_was_written():
    item = FieldDefinition.read({**CHILD, "choices": [*choices({"A": ["x"], "B": ["x"]}), "y"]})
    assert FieldDefinition.read(item.written()) == item
    assert item.written()["choices"] == [
        {"value": "x", "label": "x", "active": True, "parents": ["A", "B"]}, "y",
    ]  # fmt: skip
