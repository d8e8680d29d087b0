"""Numbers as people and spreadsheets write them."""

from datetime import date
from decimal import Decimal

import pytest

from core.values import CellError, Coerced, PercentNumber, Refused, decimal_number, integer, money, percent
from core.values.reasons import FORMULA_ERROR, NOT_A_NUMBER, NOT_AN_INTEGER, TOO_MANY_DECIMALS


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("73000", "73000.00"),
        ("16653.34", "16653.34"),
        (" 59,000 ", "59000.00"),
        ("1,25,000", "125000.00"),
        ("12,34,56,789.5", "123456789.50"),
        ("1,250,000", "1250000.00"),
        ("1 25 000", "125000.00"),
        ("12\u00a0500", "12500.00"),
        ("₹ 22,00,000", "2200000.00"),
        ("Rs.5000/-", "5000.00"),
        ("Rs 5,000", "5000.00"),
        ("INR 5,000", "5000.00"),
        ("5,000 INR", "5000.00"),
        ("$1,234.50", "1234.50"),
        ("€ 10", "10.00"),
        ("(1,234.50)", "-1234.50"),
        ("₹(500)", "-500.00"),
        ("(₹500)", "-500.00"),
        ("1,234.50-", "-1234.50"),
        ("-₹500", "-500.00"),
        ("₹-500", "-500.00"),
        ("\N{MINUS SIGN}5", "-5.00"),
        ("１２３", "123.00"),
        ("१,२५,०००", "125000.00"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567.00"),
        ("12.5000", "12.50"),
        (".5", "0.50"),
        ("5.", "5.00"),
        ("-0.00", "0.00"),
        (73000.0, "73000.00"),
        (0.1 + 0.2, "0.30"),
        (1.005, "1.01"),
        (2.675, "2.68"),
        (-0.001, "0.00"),
        (7, "7.00"),
        (Decimal("7.5"), "7.50"),
    ],
)
def test_an_amount_with_one_reading_is_read(cell, amount):
    result = money(cell)

    assert isinstance(result, Coerced)
    assert str(result.value) == amount


@pytest.mark.parametrize(
    "cell",
    [
        "not known", "12 lakh", "50k", "1.5L", "1234,50", "1,2,3", "12,34,5", "125,00,000", "1.25E+05",
        "12.5%", "5²", "½", "--5", "(-5)", "5--", "(5", "5)", "₹", "-", "₹5₹", "1 2", "0x10", "1_000",
        "nan", "inf", "9" * 401, True, float("nan"), float("inf"), date(2024, 1, 5), 10**500,
        Decimal("sNaN"), Decimal("1E+9999"), [1], {"a": 1}, b"5",
    ],
)  # fmt: skip
def test_what_has_no_reading_or_several_is_no_number(cell):
    assert money(cell) == Refused(NOT_A_NUMBER)


@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0", "\u200b"])
def test_blank_is_no_value_and_no_error(cell):
    assert money(cell) == integer(cell) == percent(cell) == Coerced(None)


def test_written_decimals_are_not_dropped_and_reckoned_ones_are_rounded():
    assert money("12.345") == Refused(TOO_MANY_DECIMALS)
    assert decimal_number("12.345", 3) == Coerced(Decimal("12.345"))
    assert decimal_number("12.345") == Coerced(Decimal("12.345"))
    assert money(12.345) == Coerced(Decimal("12.35"))
    assert money(-12.345) == Coerced(Decimal("-12.35"))


def test_an_error_cell_keeps_its_own_reason():
    assert money(CellError("#REF!", FORMULA_ERROR)) == Refused(FORMULA_ERROR)


@pytest.mark.parametrize(
    ("cell", "whole"), [("48", 48), ("48.00", 48), (48.0, 48), ("1,25,000", 125000), ("-3", -3)]
)
def test_whole_numbers_are_integers(cell, whole):
    assert integer(cell) == Coerced(whole)


@pytest.mark.parametrize("cell", ["6.5", 6.5, "six", "1E5", True])
def test_other_numbers_and_texts_are_no_integers(cell):
    assert integer(cell) == Refused(NOT_AN_INTEGER)


def test_a_percentage_is_in_percent_however_it_was_written():
    expected = Coerced(Decimal("12.5"))

    assert percent("12.5") == percent("12.5%") == percent("12.5 %") == percent(12.5) == expected
    assert percent(PercentNumber(0.125)) == expected
    assert decimal_number(PercentNumber(0.125)) == Coerced(Decimal("0.125"))
    assert percent("₹ 12.5") == percent("12.5%%") == Refused(NOT_A_NUMBER)
