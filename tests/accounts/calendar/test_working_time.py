"""Working time, on every day that clocks can make."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.working_time import (
    WorkingCalendar,
    WrongSpan,
    checked_spans,
    read_spans,
    read_week,
    written_spans,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
OFFICE = read_week([[["09:30", "13:00"], ["14:00", "18:30"]]] * 5 + [[["10:00", "14:00"]], []])
ZONES = ("Asia/Kolkata", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "UTC")


def at(text, zone=KOLKATA):
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


@st.composite
def days(draw):
    minutes = sorted(draw(st.sets(st.integers(0, 1_440), max_size=6)))
    return tuple(zip(minutes[::2], minutes[1::2], strict=False))


@st.composite
def calendars(draw):
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    off = draw(st.sets(st.dates(dt.date(2026, 3, 1), dt.date(2026, 4, 30)), max_size=9))
    return WorkingCalendar(zone, tuple(draw(days()) for _ in range(7)), frozenset(off))


# Clocks are set forward in March, back in October and November.
BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
moments = st.integers(0, 275 * 86_400).map(lambda seconds: BEGIN + dt.timedelta(seconds=seconds))
PATIENT = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
hours = st.timedeltas(dt.timedelta(0), dt.timedelta(hours=60))


def test_an_office_and_its_lunch_weekend_and_holiday():
    calendar = WorkingCalendar(KOLKATA, OFFICE, frozenset([dt.date(2026, 11, 30)]))
    assert calendar.is_working(at("2026-11-27T09:30")) and not calendar.is_working(at("2026-11-27T13:00"))
    assert calendar.next_working(at("2026-11-27T13:20")) == at("2026-11-27T14:00")
    # Saturday afternoon, Sunday, a holiday on Monday.
    assert calendar.next_working(at("2026-11-28T14:00")) == at("2026-12-01T09:30")
    assert calendar.add_working(at("2026-11-28T13:00"), dt.timedelta(hours=2)) == at("2026-12-01T10:30")
    assert calendar.add_working(at("2026-11-27T12:00"), dt.timedelta(hours=1)) == at("2026-11-27T13:00")
    assert calendar.working_between(at("2026-11-27T00:00"), at("2026-11-28T00:00")) == dt.timedelta(hours=8)


@pytest.mark.parametrize(
    ("zone", "day", "passed"),
    [
        ("Europe/Berlin", "2026-03-29", 3),
        ("Europe/Berlin", "2026-10-25", 5),
        ("Europe/Berlin", "2026-06-01", 4),
    ],
)
def test_a_night_on_which_clocks_are_set(zone, day, passed):
    calendar = WorkingCalendar(ZoneInfo(zone), (((60, 300),),) * 7)  # 01:00–05:00
    begin = at(f"{day}T00:00", ZoneInfo(zone))
    assert calendar.working_between(begin, begin + dt.timedelta(hours=12)) == dt.timedelta(hours=passed)


def test_a_beginning_that_clocks_skip_is_when_they_skip_it():
    berlin = ZoneInfo("Europe/Berlin")
    calendar = WorkingCalendar(berlin, (((150, 300),),) * 7)  # 02:30–05:00; there is no 02:30 on this day
    skipped = calendar.next_working(at("2026-03-29T00:00", berlin))
    assert skipped == dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)
    in_the_gap = WorkingCalendar(berlin, (((125, 170),),) * 7)
    assert in_the_gap.next_working(at("2026-03-29T00:00", berlin)) == at("2026-03-30T02:05", berlin)


def test_nobody_works_in_an_empty_week():
    calendar = WorkingCalendar(KOLKATA, ((),) * 7)
    moment = at("2026-11-27T12:00")
    assert (
        calendar.next_working(moment) is None and calendar.add_working(moment, dt.timedelta(hours=1)) is None
    )


@PATIENT
@given(calendars(), moments)
def test_the_next_working_moment_is_one_and_none_lies_before_it(calendar, moment):
    found = calendar.next_working(moment)
    if found is None:
        assert not any(calendar.week)
        return
    assert found >= moment and calendar.is_working(found)
    assert calendar.is_working(moment) is (found == moment)
    assert calendar.working_between(moment, found) == dt.timedelta()


@PATIENT
@given(calendars(), moments, hours, hours)
def test_working_time_adds_up(calendar, moment, first, then):
    end = calendar.add_working(moment, first)
    if end is None:
        assert not any(calendar.week)
        return
    assert calendar.working_between(moment, end) == first
    both = calendar.add_working(moment, first + then)
    assert both is not None and both >= end
    assert calendar.working_between(end, both) == then
    if then:
        assert calendar.add_working(end, then) == both


@given(st.lists(st.tuples(st.integers(0, 1_440), st.integers(0, 1_440)), max_size=5))
def test_spans_read_back_as_they_are_written(pairs):
    spans = [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in pairs]
    try:
        checked = checked_spans(spans)
    except WrongSpan:
        return
    assert read_spans(written_spans(checked)) == checked


@pytest.mark.parametrize(
    "text", ["nine to five", "09:30", "18:00–09:00", "09:00–12:00, 11:00–13:00", "09:00–25:00"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(WrongSpan):
        read_spans(text)
