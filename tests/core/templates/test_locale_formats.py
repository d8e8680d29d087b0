"""Numbers, money and times in the organisation's way of writing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import locale_formats as formats

NOW = datetime(2025, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "currency", "locale", "expected"),
    [
        ("1234567", "INR", "en-IN", "₹ 12,34,567.00"),
        ("1234567", "USD", "en-US", "$1,234,567.00"),
        ("1234567", "INR", "en-US", "₹ 12,34,567.00"),
        ("1234567.891", "EUR", "de-DE", "1.234.567,89 €"),
        ("1234567", "EUR", "fr-FR", "1\u202f234\u202f567,00 €"),
        ("1234567", "CHF", "de-CH", "1’234’567.00 CHF"),
        (Decimal("-500"), "INR", "en-IN", "−₹ 500.00"),
        ("-0.001", "USD", "en-US", "$0.00"),
        ("0.005", "USD", "en-US", "$0.01"),
        (1234, "JPY", "en-US", "¥1,234"),
        ("1.2345", "KWD", "en-US", "KWD 1.235"),
        ("99", "XYZ", "en-US", "XYZ 99.00"),
        ("12345678901234567890.12", "INR", "en-IN", "₹ 1,23,45,67,89,01,23,45,67,890.12"),
        (0.1, "USD", "en-US", "$0.10"),
        (None, "INR", "en-IN", ""),
        ("", "INR", "en-IN", ""),
        ("about 5 lakh", "INR", "en-IN", "about 5 lakh"),
    ],
)
def test_money(value: object, currency: str, locale: str, expected: str) -> None:
    assert formats.format_money(value, currency, locale) == expected


@pytest.mark.parametrize(
    ("value", "locale", "decimals", "expected"),
    [
        (100000, "en-IN", None, "1,00,000"),
        (100000, "en-US", None, "100,000"),
        ("1234.50", "en-IN", None, "1,234.50"),
        ("1234.5", "de", 2, "1.234,50"),
        ("2.5", "en-US", 0, "3"),
        ("-2.5", "en-US", 0, "−3"),
        (999, "en-IN", None, "999"),
        ("NaN", "en-IN", None, "NaN"),
        ("n/a", None, None, "n/a"),
        (True, "en-IN", None, "True"),
    ],
)
def test_number(value: object, locale: str, decimals: int | None, expected: str) -> None:
    assert formats.format_number(value, locale, decimals) == expected


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=2), st.sampled_from(["en-IN", "en-US", "de-DE"])
)
def test_grouping_loses_no_digit(value: Decimal, locale: str) -> None:
    text = formats.format_number(value, locale)

    digits = "".join(sign for sign in text if sign.isdigit())
    assert digits == f"{abs(value):f}".replace(".", "")
    assert text.startswith("−") == (value < 0)


@given(st.integers(min_value=1000, max_value=10**18))
def test_lakh_groups_are_twos_before_the_last_three(value: int) -> None:
    first, *middle, last = formats.format_number(value, "en-IN").split(",")

    assert len(last) == 3
    assert all(len(group) == 2 for group in middle)
    assert 1 <= len(first) <= 2


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en-IN", "5 Jan 2025, 17:30"), ("en-US", "Jan 5, 2025, 5:30 PM"), (None, "Jan 5, 2025, 5:30 PM")],
)
def test_moment_in_the_organisations_timezone(locale: str | None, expected: str) -> None:
    assert formats.format_moment(NOW, locale or formats.DEFAULT_LOCALE, "Asia/Kolkata") == expected


def test_midnight_and_noon_on_a_twelve_hour_clock() -> None:
    assert formats.format_clock(NOW.replace(hour=0, minute=5), "en-US") == "12:05 AM"
    assert formats.format_clock(NOW.replace(hour=12, minute=5), "en-US") == "12:05 PM"


def test_the_day_is_the_timezones() -> None:
    late = datetime(2025, 1, 5, 20, 0, tzinfo=UTC)

    assert formats.format_day(late, "en-IN", "Asia/Kolkata") == "6 Jan 2025"
    assert formats.format_day(late, "en-IN", "America/New_York") == "5 Jan 2025"
    assert formats.format_day(date(2025, 5, 1), "en-US") == "May 1, 2025"


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (timedelta(seconds=30), "just now"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(minutes=-5), "in 5 min"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=-2), "in 2 days"),
        (timedelta(days=8), "28 Dec 2024"),
    ],
)
def test_relative(ago: timedelta, expected: str) -> None:
    assert formats.format_relative(NOW - ago, NOW, "en-IN", "Asia/Kolkata") == expected


def test_an_unknown_timezone_is_utc() -> None:
    assert formats.timezone_of("Mars/Olympus") is UTC
    assert formats.timezone_of(None) is UTC


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Asha Rao", "AR"),
        ("Anaya K. Venkataraman", "AV"),
        ("Prakash", "P"),
        ("asha@x.in", "A"),
        ("asha.rao@x.in", "AR"),
        ("", ""),
        (None, ""),
    ],
)
def test_initials(name: str | None, expected: str) -> None:
    assert formats.initials(name) == expected


@pytest.mark.parametrize("tag", ["", None, "??", "en_IN", "hi-Deva-IN"])
def test_any_locale_tag_can_be_read(tag: str | None) -> None:
    locale = formats.Locale.parse(tag)

    assert locale.groups_by_lakh == (tag in ("en_IN", "hi-Deva-IN"))
