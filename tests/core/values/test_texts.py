"""Texts, yes and no, addresses, and the sentences of reasons."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from core.values import (
    CellError,
    Coerced,
    PercentNumber,
    Refused,
    boolean,
    cell_text,
    email_address,
    is_blank,
    message,
    plain_text,
    reasons,
    text,
    web_address,
)
from core.values.reasons import INVALID_EMAIL, INVALID_URL, MESSAGES, NOT_A_BOOLEAN, NOT_TEXT


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("  Upasna  Chowdhury ", "Upasna  Chowdhury"),
        ("\u00a0\u200bx\ufeff ", "x"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\x00b\x07", "ab"),
        ("क्‍ष", "क्‍ष"),
        (9876543210.0, "9876543210"),
        (110209.0, "110209"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (1e20, "100000000000000000000"),
        (1e-7, "0.0000001"),
        (PercentNumber(0.125), "12.5%"),
        (Decimal("1E+3"), "1000"),
        (True, "TRUE"),
        (date(2024, 1, 5), "2024-01-05"),
        (datetime(2024, 1, 5, 10, 30), "2024-01-05 10:30:00"),  # noqa: DTZ001
        (time(10, 30), "10:30:00"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
    ],
)
def test_a_cell_becomes_the_text_a_person_would_type(cell, expected):
    assert text(cell) == Coerced(expected)


def test_what_the_database_cannot_hold_is_refused():
    assert text("half \ud800 pair") == Refused(NOT_TEXT)
    assert (
        text([1]) == text({"a": 1}) == text(b"x") == text(float("nan")) == text(10**5000) == Refused(NOT_TEXT)
    )


@pytest.mark.parametrize("cell", [None, "", " ", "\u00a0", "\u200b", "\x00"])
def test_blank_text_is_no_value(cell):
    assert text(cell) == Coerced(None)


def test_blank_is_what_a_person_calls_empty():
    assert is_blank(None) and is_blank(" \u00a0\u200b ")
    assert not is_blank(0.0) and not is_blank(False) and not is_blank(CellError("#N/A", "formula_error"))


@pytest.mark.parametrize("cell", ["Yes", " y ", "TRUE", "1", 1, 1.0, True])
def test_yes(cell):
    assert boolean(cell) == Coerced(True)


@pytest.mark.parametrize("cell", ["No", "n", "false", "0", 0.0, False])
def test_no(cell):
    assert boolean(cell) == Coerced(False)


@pytest.mark.parametrize("cell", ["maybe", 2, float("nan"), Decimal("sNaN"), date(2024, 1, 1), [True]])
def test_neither_yes_nor_no(cell):
    assert boolean(cell) == Refused(NOT_A_BOOLEAN)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (" A.Rao@Example.COM ", "A.Rao@example.com"),
        ("mailto:x@y.in", "x@y.in"),
        ("o'neil+tag@mail.example.org", "o'neil+tag@mail.example.org"),
        ("post@münchen.de", "post@münchen.de"),
    ],
)
def test_email_addresses(cell, expected):
    assert email_address(cell) == Coerced(expected)


@pytest.mark.parametrize(
    "cell",
    [
        "a@b",
        "a b@c.de",
        "a..b@c.de",
        ".a@c.de",
        "a@-c.de",
        "x@y.in;",
        "@c.de",
        "a@",
        "a@b@c.de",
        "a" * 65 + "@c.de",
        5.0,
    ],
)
def test_what_is_no_email_address(cell):
    assert email_address(cell) == Refused(INVALID_EMAIL)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("https://example.com/a?b=1", "https://example.com/a?b=1"),
        (" www.example.com ", "https://www.example.com"),
        ("http://10.0.0.1:8080/", "http://10.0.0.1:8080/"),
    ],
)
def test_web_addresses(cell, expected):
    assert web_address(cell) == Coerced(expected)


@pytest.mark.parametrize(
    "cell",
    [
        "javascript:alert(1)",
        "ftp://example.com",
        "https://user:secret@example.com",
        "https://a b.com",
        "localhost",
        "http://[::1",
        "https://",
        5,
    ],
)
def test_what_is_no_web_address(cell):
    assert web_address(cell) == Refused(INVALID_URL)


def test_every_reason_has_a_sentence_that_can_be_filled():
    codes = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}

    assert codes == set(MESSAGES)
    for code in codes:
        sentence = message(code, value="abc", label="City", limit=5, example="31-12-2024")
        assert sentence[0].isupper() or sentence.startswith("“")
        assert sentence.endswith(".") and "{" not in sentence


def test_a_sentence_quotes_the_value_shortly():
    assert message("not_a_number", value="abc").startswith("“abc” is not a number.")
    assert len(message("not_a_number", value="x" * 5000)) < 200
    assert "{x}" in message("not_a_number", value="{x}")
    assert message("of_another_room", value="abc") == "“abc” is not accepted (of_another_room)."


def test_numbers_are_stored_without_an_exponent():
    assert plain_text(Decimal("1E+5")) == "100000"
    assert plain_text(Decimal("0E-8")) == "0.00000000"
    assert cell_text(None) == ""
