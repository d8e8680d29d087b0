"""The one validation: order, visibility, defaults, formulas, limits, edits. No database is needed."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import comparison_values
from leads.fields.capture import CaptureContext, Captured, capture
from leads.fields.definition import FieldDefinition
from leads.fields.limits import full_years
from leads.fields.line import LineDefinition
from leads.models import FieldKind

NOW = dt.datetime(2025, 3, 1, 20, 0, tzinfo=dt.UTC)
# In India it is the 2nd of March already.
CONTEXT = CaptureContext(NOW, ZoneInfo("Asia/Kolkata"))


def line(*fields: Mapping[str, Any]) -> LineDefinition:
    """A line of these fields; key and label are the type unless said otherwise."""
    written = [
        {"key": field["type"], "label": field["type"].title(), "id": index + 1, "order": index, **field}
        for index, field in enumerate(fields)
    ]
    return LineDefinition(1, 1, [FieldDefinition.read(field) for field in written])


def one(kind: str, raw: Any, **settings: Any) -> Any:
    """The stored value of a single field, or its reason codes."""
    captured = capture(line({"type": kind, **settings}), {kind: raw}, CONTEXT)
    if captured.problems:
        return [problem.code for problem in captured.problems]
    return captured.data.get(kind)


def reasons(captured: Captured) -> list[str]:
    return [problem.reason for problem in captured.problems]


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        ("text", "  Asha \u200b", "Asha"),
        ("text", 411001.0, "411001"),
        ("long_text", "a\r\nb", "a\nb"),
        ("integer", "1,25,000", "125000"),
        ("integer", 6.0, "6"),
        ("decimal", "1.5", "1.500000"),
        ("money", "₹ (1,234.50)", "-1234.50"),
        ("percent", "12.5 %", "12.5000"),
        ("boolean", "Yes", True),
        ("boolean", False, False),
        ("date", "31/12/1990", "1990-12-31"),
        ("date", dt.date(1990, 12, 31), "1990-12-31"),
        ("datetime", "2025-01-31 10:00", "2025-01-31T04:30:00+00:00"),
        ("time", "2.30 pm", "14:30:00"),
        ("email", "Asha@EXAMPLE.org", "Asha@example.org"),
        ("phone", "098450 12345", "+919845012345"),
        ("url", "example.org/a", "https://example.org/a"),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("json", {"a": 1}, {"a": 1}),
    ],
)
def test_each_type_is_read_and_kept(kind: str, raw: Any, stored: Any) -> None:
    assert one(kind, raw) == stored


@pytest.mark.parametrize("raw", [None, "", "   ", "\u00a0", "\u200b", [], ()])
@pytest.mark.parametrize("kind", [kind.value for kind in FieldKind if kind is not FieldKind.COMPUTED])
def test_nothing_is_nothing_for_every_type(kind: str, raw: Any) -> None:
    settings = {"choices": ["a"]} if "select" in kind else {}
    assert one(kind, raw, **settings) is None
    assert one(kind, raw, required=True, **settings) == ["required"]


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("integer", "6.5", "not_an_integer"),
        ("money", "1.234", "too_many_decimals"),
        ("phone", "9.19E+11", "invalid_phone"),
        ("email", "asha@", "invalid_email"),
        ("date", "31/02/2024", "not_a_date"),
        ("text", "\ud800", "not_text"),
        ("json", "{", "not_json"),
        ("json", "NaN", "not_json"),
        ("json", "1e999", "not_json"),
        ("json", '"\\ud800"', "not_json"),
        ("json", '"\\u0000"', "not_json"),
        ("json", "[" * 100_000, "too_long"),
        ("json", "[" * 40_000, "not_json"),
        ("json", '"' + "a" * 60_000 + '"', "too_long"),
        ("select", "z", "choice"),
        ("multi_select", "a; z", "choice"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_code(kind: str, raw: Any, code: str) -> None:
    settings = {"choices": ["a", "b"]} if "select" in kind else {}
    assert one(kind, raw, **settings) == [code]


class TestLimits:
    """Bounds are inclusive, and the whole value counts."""

    @pytest.mark.parametrize(
        ("raw", "codes"), [("9.99", ["min"]), ("10", None), ("20", None), ("20.01", ["max"])]
    )
    def test_numbers(self, raw: str, codes: list[str] | None) -> None:
        found = one("money", raw, min="10", max="20")
        assert found == codes if codes else isinstance(found, str)

    @pytest.mark.parametrize(
        ("kind", "settings", "most"),
        [
            ("integer", {}, 2**63 - 1),
            ("money", {}, (2**63 - 1) // 100),
            # A core amount is kept in minor units, whatever the field's decimals.
            ("integer", {"maps_to": "amount"}, (2**63 - 1) // 100),
        ],
    )
    def test_numbers_end_where_the_index_does(self, kind: str, settings: dict[str, Any], most: int) -> None:
        assert one(kind, str(most), **settings) != ["max"]
        assert one(kind, str(most + 1), **settings) == ["max"]
        assert one(kind, str(-most - 2), **settings) == ["max"]

    def test_days_and_ages_on_the_day_it_is_in_the_organisation(self) -> None:
        assert one("date", "02/03/2004", min_age=21) == "2004-03-02"
        assert one("date", "03/03/2004", min_age=21) == ["min_age"]
        assert one("date", "03/03/1959", max_age=65) == "1959-03-03"
        assert one("date", "02/03/1959", max_age=65) == ["max_age"]
        assert one("date", "01/01/2020", min="2020-01-02") == ["min"]
        assert one("date", "03/01/2020", max="2020-01-02") == ["max"]

    def test_who_is_born_on_29_february_turns_on_1_march(self) -> None:
        born = dt.date(2004, 2, 29)
        assert full_years(born, dt.date(2025, 2, 28)) == 20
        assert full_years(born, dt.date(2025, 3, 1)) == 21
        assert full_years(born, dt.date(2024, 2, 29)) == 20

    def test_texts(self) -> None:
        assert one("text", "a" * 2_000) == "a" * 2_000
        assert one("text", "a" * 2_001) == ["too_long"]
        assert one("text", "ab", min_length=3) == ["too_short"]
        assert one("text", "abcd", max_length=3, regex="[0-9]+") == ["too_long", "pattern"]

    def test_a_pattern_matches_the_whole_transformed_value(self) -> None:
        settings = {"regex": "[A-Z]{5}[0-9]{4}[A-Z]", "transform": "upper"}
        assert one("text", " abcde1234f ", **settings) == "ABCDE1234F"
        assert one("text", "abcde1234f5", **settings) == ["pattern"]
        assert one("text", "ÄBCDE", regex="Ä.{4}") == "ÄBCDE"

    def test_a_transform_that_leaves_nothing_leaves_nothing(self) -> None:
        assert one("text", "none", transform="digits", required=True) == ["required"]


class TestChoices:
    """Choices match without case and are kept in the configured spelling."""

    choices = (
        "Pune",
        {"value": "blr", "label": "Bengaluru"},
        {"value": "old", "label": "Old", "active": False},
    )

    @pytest.mark.parametrize(("raw", "stored"), [("pUNE", "Pune"), ("BENGALURU", "blr"), ("Blr", "blr")])
    def test_one(self, raw: str, stored: str) -> None:
        assert one("select", raw, choices=self.choices) == stored

    def test_one_that_is_offered_no_more(self) -> None:
        assert one("select", "old", choices=self.choices) == ["choice"]

    @pytest.mark.parametrize(
        "raw",
        [
            "pune; Bengaluru",
            "Pune|blr",
            "pune, BLR, pune",
            ["Pune", "blr"],
            "Pune\nblr",
            [" Pune ", "", "blr"],
        ],
    )
    def test_several(self, raw: Any) -> None:
        assert one("multi_select", raw, choices=self.choices) == ["Pune", "blr"]

    def test_a_choice_with_a_comma_is_one(self) -> None:
        assert one("multi_select", "Sem, Vora", choices=["Sem, Vora", "Sem"]) == ["Sem, Vora"]

    def test_texts_that_mean_empty(self) -> None:
        assert one("select", "SELECT", choices=["a"], empty_values=["Select"]) is None
        assert one("integer", "n/a", empty_values=["N/A"], required=True) == ["required"]


SALARIED = {"field": "select", "op": "eq", "value": "yes"}
WORK = line(
    {"type": "select", "choices": ["yes", "no"]},
    {"type": "text", "visible_if": SALARIED, "required_if": SALARIED, "min_length": 3},
    {"type": "money", "default": "5"},
    {"type": "computed", "formula": "money * 2", "visible_if": SALARIED},
)


class TestConditions:
    """What is hidden is neither stored nor judged."""

    def test_shown_and_required(self) -> None:
        assert reasons(capture(WORK, {"select": "yes"}, CONTEXT)) == ["text:required"]

    def test_hidden_values_and_their_mistakes_are_dropped(self) -> None:
        captured = capture(WORK, {"select": "no", "text": "x"}, CONTEXT)
        assert captured.is_valid
        assert captured.data == {"select": "no", "money": "5.00"}

    def test_defaults_and_formulas_in_the_order_they_need(self) -> None:
        captured = capture(WORK, {"select": "yes", "text": "long enough"}, CONTEXT)
        assert captured.data["computed"] == "10.00"

    def test_a_computed_value_cannot_be_given_and_has_an_end(self) -> None:
        captured = capture(
            WORK, {"select": "yes", "text": "long enough", "computed": "7", "money": "3"}, CONTEXT
        )
        assert captured.data["computed"] == "6.00"
        most = str((2**63 - 1) // 100)
        captured = capture(WORK, {"select": "yes", "text": "long enough", "money": most}, CONTEXT)
        assert captured.is_valid and "computed" not in captured.data

    def test_all_problems_in_the_order_of_the_form(self) -> None:
        fields = line({"type": "money"}, {"type": "phone"}, {"type": "text", "required": True})
        captured = capture(fields, {"phone": "1", "money": "x"}, CONTEXT)
        assert reasons(captured) == ["money:not_a_number", "phone:invalid_phone", "text:required"]

    def test_keys_that_no_field_has_are_ignored(self) -> None:
        assert capture(WORK, {"@source": "Website", "select": "no"}, CONTEXT).is_valid


class TestEdits:
    """An edit judges what it says, and keeps the rest."""

    fields = line({"type": "text", "max_length": 3}, {"type": "integer", "required": True, "default": "7"})

    def test_what_is_not_given_stays_unread(self) -> None:
        captured = capture(self.fields, {}, CONTEXT, stored={"text": "too long by now", "integer": "1"})
        assert captured.is_valid and captured.data == {"text": "too long by now", "integer": "1"}

    def test_what_is_given_unchanged_is_not_judged_again(self) -> None:
        given = {"text": " too long by now ", "integer": "1"}
        captured = capture(self.fields, given, CONTEXT, stored={"text": "too long by now", "integer": "1"})
        assert captured.is_valid

    def test_what_is_emptied_is_emptied(self) -> None:
        captured = capture(
            self.fields, {"text": "", "integer": None}, CONTEXT, stored={"text": "abc", "integer": "1"}
        )
        assert captured.data == {} and reasons(captured) == ["integer:required"]

    def test_values_of_retired_fields_stay(self) -> None:
        retired = line({"type": "text"}, {"type": "integer", "status": "retired"})
        captured = capture(
            retired, {"text": "new"}, CONTEXT, stored={"text": "old", "integer": "1", "gone": "x"}
        )
        assert captured.data == {"text": "new", "integer": "1", "gone": "x"}


ANY = line(
    {"type": "text"},
    {"type": "integer"},
    {"type": "date"},
    {"type": "datetime"},
    {"type": "time"},
    {"type": "email"},
    {"type": "boolean"},
    {"type": "select", "choices": ["İstanbul", "Pune", "straße"]},
    {"type": "multi_select", "choices": ["İstanbul", "Pune", "straße"]},
)
CELLS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(
        ["İSTANBUL", "STRASSE", "pune; straße", "e\u0301", "ﬁ", "31/12/1990", "14:30", "A@B.ORG", "12"]
    ),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.lists(st.sampled_from(["Pune", "straße"]), max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted(ANY.by_key)), CELLS))
def test_whatever_comes_in_is_kept_in_a_form_that_reads_back_as_itself(raw: dict[str, Any]) -> None:
    captured = capture(ANY, raw, CONTEXT)

    assert captured.compare == comparison_values(captured.data, ANY.kinds)
    broken = {problem.field for problem in captured.problems}
    assert not broken & captured.data.keys()
    again = capture(ANY, captured.data, CONTEXT)
    assert again.is_valid and again.data == captured.data
    edited = capture(ANY, captured.data, CONTEXT, stored=captured.data)
    assert (edited.data, edited.compare) == (captured.data, captured.compare)
