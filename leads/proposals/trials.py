"""One trial per way of reading a cell: does the field type that the importer uses take it, or not?

A trial asks the very function that will read the file again when it is loaded; what it finds fitting, fits.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final
from zoneinfo import ZoneInfo

from core import values
from core.values import Cell, Coerced, DateOrder, Refused, reasons

DATE_ORDERS: Final[tuple[DateOrder, ...]] = ("DMY", "MDY", "YMD")
BOOLEAN, INTEGER, NUMBER, PERCENT = "boolean", "integer", "number", "percent"
EMAIL, URL, PHONE, TIME, MULTI = "email", "url", "phone", "time", "multi_select"

# Identifiers of fixed form, written in capitals: the names by which people know them, and their forms.
PATTERNS: Final[dict[str, tuple[str, str]]] = {
    "pan": ("PAN", "^[A-Z]{5}[0-9]{4}[A-Z]$"),
    "gstin": ("GSTIN", "^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$"),
    "ifsc": ("IFSC", "^[A-Z]{4}0[A-Z0-9]{6}$"),
    "aadhaar": ("Aadhaar number", "^[2-9][0-9]{11}$"),
    "pin": ("PIN code", "^[1-9][0-9]{5}$"),
    "uuid": ("UUID", "^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$"),
}
# Forms of digits alone: PINs or Aadhaar numbers only where the header says so.
NAMED_PATTERNS: Final = ("pin", "aadhaar")

MOST_MISFITS: Final = 50
"""Different texts that may not fit before a trial ends, unless they are few among many."""

LARGEST_MISFIT_SHARE: Final = 0.05
MOST_KEPT_MISFITS: Final = 1_000
SHOWN_MISFIT: Final = 80

Accepts = Callable[[Cell, str], bool]


class Trial:
    """One way of reading the cells of a column, until too many do not fit."""

    __slots__ = ("accepts", "misfits", "missed", "name", "overflowed")

    def __init__(self, name: str, accepts: Accepts) -> None:
        self.name = name
        self.accepts = accepts
        # Different cells that do not fit: how many, those that are counted, the texts of those that are not.
        self.missed = 0
        self.misfits: list[object] = []
        self.overflowed: dict[str, int] = {}

    def miss(self, key: object | None, text: str) -> None:
        """Note a cell that does not fit: by its key where the column counts it, else by its text."""
        self.missed += 1
        if key is not None:
            self.misfits.append(key)
        else:
            shown = text[:SHOWN_MISFIT]
            self.overflowed[shown] = self.overflowed.get(shown, 0) + 1

    def is_over(self, looked: int) -> bool:
        """Whether too many of `looked` different cells do not fit."""
        return self.missed > MOST_MISFITS and (
            self.missed > LARGEST_MISFIT_SHARE * looked or self.missed > MOST_KEPT_MISFITS
        )


def trials_for(*, zone: ZoneInfo, region: str) -> list[Trial]:
    """Return fresh trials of every way of reading, for one column."""
    trials = [
        Trial(BOOLEAN, lambda cell, text: _fits(values.boolean(cell))),
        Trial(INTEGER, lambda cell, text: _fits(values.integer(cell))),
        Trial(NUMBER, lambda cell, text: _fits(values.decimal_number(cell))),
        Trial(PERCENT, lambda cell, text: _fits(values.percent(cell))),
        Trial(EMAIL, lambda cell, text: _fits(values.email_address(cell))),
        Trial(URL, lambda cell, text: _fits(values.web_address(cell))),
        Trial(TIME, lambda cell, text: _fits(values.clock(cell))),
        Trial(PHONE, lambda cell, text: _fits(values.phone(cell, region))),
    ]
    for order in DATE_ORDERS:
        trials.append(Trial(f"date:{order}", _day_trial(order)))
        trials.append(Trial(f"datetime:{order}", _moment_trial(order, zone)))
    trials += [Trial(f"pattern:{name}", _pattern_trial(form)) for name, (_label, form) in PATTERNS.items()]
    return trials


def _fits(result: Coerced | Refused) -> bool:
    return not isinstance(result, Refused)


def _day_trial(order: DateOrder) -> Accepts:
    def accepts(cell: Cell, text: str) -> bool:
        result = values.day(cell, order)
        # A time that would be lost: such a column holds moments.
        return isinstance(result, Coerced) and result.warning != reasons.TIME_DROPPED

    return accepts


def _moment_trial(order: DateOrder, zone: ZoneInfo) -> Accepts:
    return lambda cell, text: _fits(values.moment(cell, order, zone))


def _pattern_trial(form: str) -> Accepts:
    whole = re.compile(form.removeprefix("^").removesuffix("$")).fullmatch
    return lambda cell, text: whole(text.upper()) is not None


def live(trials: Iterable[Trial], looked: int) -> list[Trial]:
    """Return the trials that go on after `looked` different cells."""
    return [trial for trial in trials if not trial.is_over(looked)]
