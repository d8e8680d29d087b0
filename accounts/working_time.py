"""Working time: is a moment in it, when does it begin again, and what lies so many working hours on. Pure.

Hours are those that clocks of the organisation show. Where clocks are set forward, a time that they skip is the moment
at which they skip it; where they are set back, a time that they show twice is the first of the two. So a span is a
span of real time on every day, and hours are counted as they pass.
"""

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
MINUTES_A_DAY = 1_440
MOST_SPANS = 6
# Nobody is away for longer than is looked ahead.
FARTHEST_DAYS = 3_660
SPAN = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})\s*[-–—]\s*([0-9]{1,2})[:.]([0-9]{2})")

# Minutes since midnight, the end excluded; 1,440 is the midnight that ends the day.
Span = tuple[int, int]
# Monday first.
Week = tuple[tuple[Span, ...], ...]

ALWAYS: Week = (((0, MINUTES_A_DAY),),) * 7


class WrongSpan(ValueError):
    """What was written is no span of working time; says what to write."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working time of an organisation, or of one person: `days_off` are holidays, and days of absence."""

    zone: ZoneInfo
    week: Week = ALWAYS
    days_off: frozenset[dt.date] = field(default_factory=frozenset)

    def without(self, days: Iterable[dt.date]) -> "WorkingCalendar":
        """Return the calendar of somebody who is away on these days as well."""
        return WorkingCalendar(self.zone, self.week, self.days_off | frozenset(days))

    def is_working(self, moment: dt.datetime) -> bool:
        """Whether a moment (aware) is working time: the beginning of a span is, its end is not."""
        return self.next_working(moment) == moment

    def next_working(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the first moment of working time from `moment` on, in the zone; None where there is none."""
        for begin, end in self._spans(moment):
            if end > moment:
                return max(begin, moment).astimezone(self.zone)
        return None

    def add_working(self, moment: dt.datetime, time: dt.timedelta) -> dt.datetime | None:
        """Return the moment at which so much working time (not negative) has passed since `moment`.

        No time at all is the next moment of working time. Where a span ends with the last of it, its end is meant.
        None where there is not so much working time in ten years.
        """
        if time < dt.timedelta():
            raise ValueError("Working time is added, not taken away.")
        if not time:
            return self.next_working(moment)
        left = time
        for begin, end in self._spans(moment):
            begin = max(begin, moment)
            if end - begin >= left:
                return (begin + left).astimezone(self.zone)
            left -= max(end - begin, dt.timedelta())
        return None

    def working_between(self, since: dt.datetime, until: dt.datetime) -> dt.timedelta:
        """Return how much working time lies between two moments, the earlier first."""
        total = dt.timedelta()
        for begin, end in self._spans(since):
            if begin >= until:
                break
            total += max(min(end, until) - max(begin, since), dt.timedelta())
        return total

    def _spans(self, moment: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The spans from the day of the moment on, in UTC, each after the other, none of them empty."""
        if not any(self.week):
            return
        # A day earlier: where clocks are set back at midnight, that day ends twice.
        first = moment.astimezone(self.zone).date() - DAY
        for number in range(FARTHEST_DAYS):
            day = first + number * DAY
            if day in self.days_off:
                continue
            for start, end in self.week[day.weekday()]:
                begins, ends = _moment(day, start, self.zone), _moment(day, end, self.zone)
                if begins < ends:
                    yield begins, ends


@lru_cache(maxsize=4_096)
def _moment(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """Return when clocks show this first, in UTC."""
    shown = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
    moment = shown.replace(tzinfo=zone).astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown:
        return moment
    return _skip(shown, zone)


def _skip(shown: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when clocks were set forward over a time that they never showed."""
    around = [shown.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (1, 0)]
    first, last = min(around), max(around)
    seconds = range(int((last - first).total_seconds()) + 1)
    # How far on the zone's clocks are: nowhere between the two but at the skip does it change.
    before = first.astimezone(zone).utcoffset()
    skipped = bisect_right(
        seconds,
        0,
        key=lambda second: int((first + dt.timedelta(seconds=second)).astimezone(zone).utcoffset() != before),
    )
    return first + dt.timedelta(seconds=skipped)


def read_spans(text: str) -> list[list[str]]:
    """Return spans such as "09:30–13:00, 14:00–18:30" as pairs of times, in order; "" is none. Raises WrongSpan."""
    spans = []
    for part in filter(None, (part.strip() for part in re.split(r"[,;]", text))):
        found = SPAN.fullmatch(part)
        if found is None:
            raise WrongSpan(f"“{part}” is no span. Write, for example, 09:30–13:00, 14:00–18:30.")
        begin, end = (f"{int(hour):02}:{minute}" for hour, minute in (found.group(1, 2), found.group(3, 4)))
        spans.append([begin, end])
    return checked_spans(spans)


def checked_spans(spans: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return pairs of times ("09:30", up to "24:00") in order; raises WrongSpan where they overlap or are none."""
    read = sorted((_minutes(begin), _minutes(end)) for begin, end in spans)
    if len(read) > MOST_SPANS:
        raise WrongSpan(f"A day has at most {MOST_SPANS} spans.")
    for begin, end in read:
        if begin >= end:
            raise WrongSpan(
                f"{_clock(begin)}–{_clock(end)} ends before it begins. Write a night as two spans: until"
                " 24:00, and from 00:00 of the next day."
            )
    for (_begin, end), (following, _end) in pairwise(read):
        if following < end:
            raise WrongSpan(f"One span begins at {_clock(following)}, before another ends at {_clock(end)}.")
    return [[_clock(begin), _clock(end)] for begin, end in read]


def written_spans(spans: Sequence[Sequence[str]]) -> str:
    """Return pairs of times as people write them."""
    return ", ".join(f"{begin}–{end}" for begin, end in spans)


def read_week(stored: Sequence[Sequence[Sequence[str]]]) -> Week:
    """Return a stored week (seven lists of pairs of times, checked once) as minutes."""
    return tuple(tuple((_minutes(begin), _minutes(end)) for begin, end in day) for day in stored)


def _minutes(time: str) -> int:
    found = re.fullmatch(r"([0-9]{2}):([0-9]{2})", time)
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minutes > MINUTES_A_DAY:
        raise WrongSpan(f"“{time}” is no time. Write one such as 09:30, at most 24:00.")
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
