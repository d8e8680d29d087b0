"""When follow-ups are due, in the organisation's timezone, and until when leads may wait. Pure functions."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from accounts.working_time import WorkingCalendar

FIRST_HOUR = dt.time(10)
COMING_DAYS = 7


def local_moment(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Return the moment at which clocks in the timezone show this; the first of two, where they are set back."""
    return dt.datetime.combine(day, time, tzinfo=zone)


def default_due(now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return what a new follow-up proposes: tomorrow at ten."""
    return local_moment(now.astimezone(zone).date() + dt.timedelta(days=1), FIRST_HOUR, zone)


def tomorrow(due: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the same time of day tomorrow."""
    return _days_from_now(1, due, now, zone)


def next_week(due: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the same time of day a week from today."""
    return _days_from_now(7, due, now, zone)


POSTPONEMENTS: dict[str, Callable[[dt.datetime, dt.datetime, ZoneInfo], dt.datetime]] = {
    "tomorrow": tomorrow,
    "next_week": next_week,
}


def days_from(now: dt.datetime, zone: ZoneInfo, days: int) -> dt.datetime:
    """Return the first moment of the day so many days from today."""
    return local_moment(now.astimezone(zone).date() + dt.timedelta(days=days), dt.time(), zone)


def _days_from_now(days: int, due: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    day = now.astimezone(zone).date() + dt.timedelta(days=days)
    return local_moment(day, due.astimezone(zone).time(), zone)


def after_minutes(
    moment: dt.datetime, minutes: int, calendar: WorkingCalendar | None = None
) -> dt.datetime | None:
    """Return when so many minutes have passed that count: those of a calendar, or all, nights and holidays too.

    None where a calendar has not so much working time in ten years.
    """
    passed = dt.timedelta(minutes=minutes)
    return moment + passed if calendar is None else calendar.add_working(moment, passed)
