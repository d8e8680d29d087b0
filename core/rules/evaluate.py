"""A rule judged on one row of values."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from core.rules.language import Rule
from core.rules.moment import Moment


def evaluate(rule: Rule, values: Mapping[str, object], *, now: datetime, timezone: tzinfo) -> bool:
    """Whether the rule holds for the values (stored or typed; a key that is not there is missing).

    `now` is aware and `timezone` the organisation's: `within_days` counts from the day they make, and
    datetime literals without an offset are in that timezone. Callers with many rows take `rule.compile()` and
    one `Moment`.
    """
    return rule.compile()(values, Moment(now, timezone))
