"""How values are read, normalised, and kept in comparable form."""

import math
import sys
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rules import Kind, comparison_values, is_missing, normalise_text, read_value, stored_value
from core.rules.values import is_storable_text, parse_literal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mumbai", "  MUMBAI\n"),
        ("Mumbai", "\u00a0mumbai\u2003"),
        ("Navi\u00a0Mumbai", "navi mumbai"),
        ("Straße", "STRASSE"),
        ("ﬁn", "FIN"),
        ("é", "e\u0301"),
        ("Å", "\u212b"),
        ("ΟΔΟΣ", "οδος"),
        ("οδος", "οδοσ"),
        ("İ", "i\u0307"),
        ("İ", "I\u0307"),
        ("𝓜umbai", "mumbai"),
        ("ⅷ", "VIII"),
        ("１２", "12"),
    ],
)
def test_texts_that_compare_equal(one: str, other: str) -> None:
    assert normalise_text(one) == normalise_text(other)


@pytest.mark.parametrize(("one", "other"), [("İ", "i"), ("ı", "i"), ("é", "e"), ("a b", "ab")])
def test_texts_that_stay_apart(one: str, other: str) -> None:
    assert normalise_text(one) != normalise_text(other)


def test_every_character_normalises_once_and_for_all() -> None:
    for code in range(sys.maxunicode + 1):
        once = normalise_text(chr(code))
        assert normalise_text(once) == once


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    once = normalise_text(text)
    assert normalise_text(once) == once
    assert once == once.strip()


@given(st.text())
def test_canonically_equivalent_texts_normalise_alike(text: str) -> None:
    assert normalise_text(unicodedata.normalize("NFD", text)) == normalise_text(text)
    assert normalise_text(unicodedata.normalize("NFC", text)) == normalise_text(text)


@pytest.mark.parametrize("value", [None, "", "  ", "\u00a0\u3000", [], [""], [None, " "]])
def test_what_says_nothing_is_missing(value: object) -> None:
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, False, "0", "-", ["a"], Decimal(0)])
def test_what_says_something_is_not_missing(value: object) -> None:
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("kind", "stored", "typed"),
    [
        (Kind.TEXT, " Mumbai ", " Mumbai "),
        (Kind.NUMBER, "125000.50", Decimal("125000.5")),
        (Kind.NUMBER, 760, Decimal(760)),
        (Kind.NUMBER, 0.1, Decimal("0.1")),
        (Kind.NUMBER, 1e22, Decimal(10) ** 22),
        (Kind.NUMBER, "-9223372036854775809", Decimal(-(2**63) - 1)),
        (Kind.BOOLEAN, True, True),
        (Kind.BOOLEAN, "false", False),
        (Kind.DATE, "2024-02-29", date(2024, 2, 29)),
        (Kind.DATETIME, "2024-02-29T10:00:00+05:30", datetime(2024, 2, 29, 4, 30, tzinfo=UTC)),
        (Kind.DATETIME, "2024-02-29T10:00:00Z", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        (Kind.DATETIME, "2024-02-29T10:00:00", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        (Kind.TIME, "09:30", time(9, 30)),
        (Kind.MULTI, ["Red", " RED ", "", None, 5, "blue"], frozenset(("red", "blue"))),
        (Kind.REFERENCE, " L00000042 ", "l00000042"),
        (Kind.PRESENCE, {"id": 1}, True),
    ],
)
def test_stored_values_are_read_as_their_kind(kind: Kind, stored: object, typed: object) -> None:
    assert read_value(kind, stored) == typed


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (Kind.TEXT, " \u00a0"),
        (Kind.TEXT, 5),
        (Kind.NUMBER, True),
        (Kind.NUMBER, "1,25,000"),
        (Kind.NUMBER, "1e5"),
        (Kind.NUMBER, " 7 "),
        (Kind.NUMBER, "１２"),
        (Kind.NUMBER, "NaN"),
        (Kind.NUMBER, math.inf),
        (Kind.NUMBER, Decimal("Infinity")),
        (Kind.NUMBER, Decimal("1E+999999")),
        (Kind.NUMBER, "9" * 201),
        (Kind.NUMBER, 10**250),
        (Kind.BOOLEAN, "yes"),
        (Kind.BOOLEAN, 1),
        (Kind.DATE, "2023-02-30"),
        (Kind.DATE, "20240229"),
        (Kind.DATE, "2024-W10-7"),
        (Kind.DATE, datetime(2024, 2, 29, tzinfo=UTC)),
        (Kind.DATETIME, "2024-02-29"),
        (Kind.DATETIME, "0001-01-01T00:00:00+14:00"),
        (Kind.TIME, "24:00"),
        (Kind.TIME, "09:30:00+05:30"),
        (Kind.TIME, time(9, 30, tzinfo=UTC)),
        (Kind.MULTI, "red"),
        (Kind.MULTI, ["", None]),
        (Kind.REFERENCE, 12),
        (Kind.PRESENCE, {}),
        (Kind.PRESENCE, "pan.pdf"),
    ],
)
def test_what_cannot_be_read_is_missing(kind: Kind, stored: object) -> None:
    assert read_value(kind, stored) is None


@pytest.mark.parametrize(
    ("kind", "written", "typed"),
    [
        (Kind.TEXT, " Mumbai ", " Mumbai "),
        (Kind.NUMBER, 2.5, Decimal("2.5")),
        (Kind.NUMBER, " 125000 ", Decimal(125000)),
        (Kind.DATETIME, "2024-01-31T09:30", datetime(2024, 1, 31, 9, 30)),  # noqa: DTZ001
        (Kind.DATETIME, "2024-01-31T09:30+05:30", datetime(2024, 1, 31, 4, tzinfo=UTC)),
        (Kind.MULTI, "Red", "Red"),
        (Kind.REFERENCE, 12, "12"),
    ],
)
def test_literals_become_typed_values(kind: Kind, written: object, typed: object) -> None:
    assert parse_literal(kind, written) == typed


@pytest.mark.parametrize(
    ("kind", "written", "advice"),
    [
        (Kind.TEXT, 5, "in quotes"),
        (Kind.TEXT, " ", "is_empty"),
        (Kind.TEXT, "a\0b", "cannot be stored"),
        (Kind.TEXT, "\ud800", "cannot be stored"),
        (Kind.NUMBER, True, "plain number"),
        (Kind.NUMBER, "1,25,000", "without grouping"),
        (Kind.NUMBER, 0.1234567890123456, "in quotes"),
        (Kind.NUMBER, math.nan, "finite"),
        (Kind.BOOLEAN, "true", "without quotes"),
        (Kind.DATE, "31/01/2024", "2024-01-31"),
        (Kind.DATETIME, "2024-01-31", "date and time"),
        (Kind.TIME, "9.30", "09:30"),
        (Kind.MULTI, ["Red"], "in quotes"),
        (Kind.REFERENCE, True, "in quotes"),
    ],
)
def test_a_wrong_literal_is_answered_with_advice(kind: Kind, written: object, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_literal(kind, written)


@given(st.text() | st.just("a\0") | st.just("\udfff"))
def test_storable_text_is_what_utf8_can_say_without_nul(text: str) -> None:
    broken = "\0" in text or any(0xD800 <= ord(character) <= 0xDFFF for character in text)
    assert is_storable_text(text) is not broken


moments = st.datetimes(timezones=st.just(UTC)) | st.datetimes(
    min_value=datetime(2, 1, 1),  # noqa: DTZ001
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.just(timezone(timedelta(hours=5, minutes=30))),
)


@given(moments, moments)
def test_stored_moments_sort_as_their_texts(one: datetime, other: datetime) -> None:
    assert (stored_value(one) < stored_value(other)) is (one < other)


@given(st.times(), st.times())
def test_stored_times_sort_as_their_texts(one: time, other: time) -> None:
    assert (stored_value(one) < stored_value(other)) is (one < other)


@given(st.dates() | moments | st.times() | st.decimals(-(10**40), 10**40, allow_nan=False, places=3))
def test_stored_values_read_back_as_themselves(value: date | datetime | time | Decimal) -> None:
    kinds = {date: Kind.DATE, datetime: Kind.DATETIME, time: Kind.TIME, Decimal: Kind.NUMBER}
    assert read_value(kinds[type(value)], stored_value(value)) == value


def test_comparison_values_hold_only_what_differs() -> None:
    kinds = {
        "name": Kind.TEXT,
        "city": Kind.TEXT,
        "blank": Kind.TEXT,
        "colours": Kind.MULTI,
        "plain_colours": Kind.MULTI,
        "born": Kind.DATE,
        "unreadable": Kind.DATE,
        "seen": Kind.DATETIME,
        "income": Kind.NUMBER,
        "absent": Kind.TEXT,
    }
    data = {
        "name": "Asha Rao",
        "city": "pune",
        "blank": " ",
        "colours": ["Red", "red"],
        "plain_colours": ["red"],
        "born": "2000-01-31",
        "unreadable": "2000-02-31",
        "seen": "2024-01-01T10:00:00+05:30",
        "income": "not a number",
    }
    assert comparison_values(data, kinds) == {
        "name": "asha rao",
        "blank": "",
        "colours": ["red"],
        "unreadable": "",
        "seen": "2024-01-01T04:30:00+00:00",
    }
