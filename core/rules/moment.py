"""When a rule is judged: the time that is now, and the timezone that says which day it is."""

from dataclasses import dataclass
from datetime import MINYEAR, UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property, lru_cache

from core.rules.values import in_utc

FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """`now` is aware; `timezone` is the organisation's. Raises ValueError for a naive `now`."""

    now: datetime
    timezone: tzinfo

    def __post_init__(self) -> None:
        if self.now.utcoffset() is None:
            raise ValueError("A rule needs an aware time as now.")

    @cached_property
    def today(self) -> date:
        """The day that `now` falls on in the organisation's timezone."""
        return self.now.astimezone(self.timezone).date()

    def days_around(self, days: int) -> tuple[date, date]:
        """The first and the last day within `days` of today, both inclusive, as far as the calendar goes."""
        return _shifted(self.today, -days), _shifted(self.today, days)

    def moments_around(self, days: int) -> tuple[datetime, datetime]:
        """The same span in moments: the first and the last microsecond of those days, in UTC."""
        first, last = self.days_around(days)
        if last == date.max:
            return _beginning(first, self.timezone), LAST_MOMENT
        end = _beginning(last + timedelta(days=1), self.timezone) - datetime.resolution
        return _beginning(first, self.timezone), end

    def resolve(self, literal: datetime) -> datetime:
        """A datetime literal in UTC; a naive one is in the organisation's timezone."""
        # At the very ends of the calendar a shift to UTC leaves it; the end itself is then meant.
        edge = FIRST_MOMENT if literal.year == MINYEAR else LAST_MOMENT
        return in_utc(literal, self.timezone) or edge


def _shifted(day: date, days: int) -> date:
    ordinal = day.toordinal() + days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


@lru_cache(maxsize=256)
def _beginning(day: date, timezone: tzinfo) -> datetime:
    """The first instant of a day in UTC, also where the clocks change at midnight."""
    return in_utc(datetime.combine(day, time.min), timezone) or FIRST_MOMENT
