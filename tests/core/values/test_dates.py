"""Days, moments and times of day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.values import Coerced, Refused, clock, day, moment
from core.values.reasons import (
    AMBIGUOUS_TIME,
    NONEXISTENT_TIME,
    NOT_A_DATE,
    NOT_A_DATETIME,
    NOT_A_TIME,
    TIME_DROPPED,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "text",
    [
        "24/10/1978", "24-10-1978", "24.10.1978", "24 10 1978", "24/10/78", "1978-10-24", "1978/10/24",
        "24 Oct 1978", "24-Oct-78", "24th October 1978", "Oct 24, 1978", "October 24 1978", "1978 Oct 24",
        "Tue, 24 Oct 1978", "tuesday 24 october 1978", "19781024", "28787", "28787.0", " 24/10/1978\u00a0",
    ],
)  # fmt: skip
def test_every_usual_way_to_write_a_day_is_read(text):
    assert day(text, "DMY") == Coerced(date(1978, 10, 24))


def test_the_order_of_the_field_decides_and_is_never_swapped():
    assert day("05/06/1990", "DMY") == Coerced(date(1990, 6, 5))
    assert day("05/06/1990", "MDY") == Coerced(date(1990, 5, 6))
    assert day("90-06-05", "YMD") == Coerced(date(1990, 6, 5))
    assert day("10/24/1978", "DMY") == Refused(NOT_A_DATE)
    assert day("24/10/1978", "MDY") == Refused(NOT_A_DATE)
    assert day("1978-10-24", "MDY") == Coerced(date(1978, 10, 24))


@pytest.mark.parametrize(
    "cell",
    [
        "31/02/1990", "32/13/1990", "29/02/1900", "1985", "0/0/0", "1/2/3", "12/1978", "not a date", "24/10",
        "24/10-1978", "2024-W01-1", "24 Foo 1978", "1/1/0078", "9" * 100, 1985.0, 60.0, 0.0, -5.0,
        2958466.0, float("nan"), float("inf"), True, time(10, 30), timedelta(days=1), [1],
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(cell):
    assert day(cell, "DMY") == Refused(NOT_A_DATE)


def test_days_before_1900_are_days():
    assert day("15/08/1857", "DMY") == Coerced(date(1857, 8, 15))
    assert day("0999-12-31") == Coerced(date(999, 12, 31))


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        (1.0, date(1900, 1, 1)),
        (59.0, date(1900, 2, 28)),
        (61.0, date(1900, 3, 1)),
        (28787.0, date(1978, 10, 24)),
        (45306.0, date(2024, 1, 15)),
        (2958465.0, date(9999, 12, 31)),
        (20240115.0, date(2024, 1, 15)),
    ],
)
def test_serial_numbers_are_counted_as_excel_shows_them(serial, expected):
    assert day(serial) == Coerced(expected)


def test_two_digit_years_turn_at_thirty():
    assert day("01/01/29") == Coerced(date(2029, 1, 1))
    assert day("01/01/30") == Coerced(date(1930, 1, 1))


def test_a_time_beside_a_day_is_dropped_with_a_warning():
    assert day("24/10/1978 13:45") == Coerced(date(1978, 10, 24), TIME_DROPPED)
    assert day("24/10/1978 00:00:00") == Coerced(date(1978, 10, 24))
    assert day(datetime(1978, 10, 24, 13, 45)) == Coerced(date(1978, 10, 24), TIME_DROPPED)  # noqa: DTZ001
    assert day(45306.5) == Coerced(date(2024, 1, 15), TIME_DROPPED)


@pytest.mark.parametrize(
    "cell",
    [
        "15/01/2024 10:22 PM",
        "15/01/2024 22:22",
        "2024-01-15T22:22:00+05:30",
        "2024-01-15 16:52:00Z",
        "15 Jan 2024, 10.22 pm",
    ],
)
def test_a_moment_is_kept_in_utc(cell):
    assert moment(cell, "DMY", KOLKATA) == Coerced(datetime(2024, 1, 15, 16, 52, tzinfo=UTC))


def test_a_day_alone_is_its_midnight():
    midnight = Coerced(datetime(2024, 1, 14, 18, 30, tzinfo=UTC))

    assert moment("15/01/2024", "DMY", KOLKATA) == midnight
    assert moment(date(2024, 1, 15), "DMY", KOLKATA) == midnight
    assert moment(45306.0, "DMY", KOLKATA) == midnight


def test_skipped_and_doubled_hours_are_told_apart():
    assert moment("2024-03-10 02:30", "YMD", NEW_YORK) == Refused(NONEXISTENT_TIME)
    first = datetime(2024, 11, 3, 5, 30, tzinfo=UTC)
    assert moment("2024-11-03 01:30", "YMD", NEW_YORK) == Coerced(first, AMBIGUOUS_TIME)
    assert moment("2024-11-03 01:30 -0500", "YMD", NEW_YORK) == Coerced(first + timedelta(hours=1))


@pytest.mark.parametrize(
    "cell", ["soon", "24/10/1978 25:00", "24/10/1978 10:99", "0001-01-01", time(1), True]
)
def test_what_is_no_moment_is_refused(cell):
    assert moment(cell, "DMY", KOLKATA) == Refused(NOT_A_DATETIME)


@pytest.mark.parametrize(
    "cell",
    [
        "14:30",
        "14.30",
        "2:30 PM",
        "2:30pm",
        "02:30 p.m.",
        "14:30:00",
        time(14, 30),
        timedelta(hours=14.5),
        14.5 / 24,
    ],
)
def test_a_time_of_day_is_read(cell):
    assert clock(cell) == Coerced(time(14, 30))


@pytest.mark.parametrize(
    "cell", ["24:00", "13 PM", "0 am", "1430", "noon", 1.5, timedelta(days=1), -0.1, date(2024, 1, 1)]
)
def test_what_is_no_time_of_day_is_refused(cell):
    assert clock(cell) == Refused(NOT_A_TIME)
