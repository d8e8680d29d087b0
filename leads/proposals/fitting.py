"""Whether a column fits a way of reading, and which of its texts would have to mean empty for it to.

A column fits when every cell does, but for texts that say that there is nothing: words for it, such as `N/A`,
and stand-ins, which are no value of the type and stand there again and again, such as 12345 for a phone.
"""

from dataclasses import dataclass
from typing import Final

from core.rules import normalise_text
from core.rules.values import is_storable_text
from leads.proposals.facts import ColumnFacts, Counted
from leads.proposals.watching import LONGEST_EMPTY

NOTHING: Final = frozenset(
    [
        "n/a", "na", "n.a.", "nil", "none", "null", "nan", "-", "--", "---", "?", ".", "*", "x", "xx", "xxx", "#n/a",
        "unknown", "not known", "not available", "not applicable", "not given", "not provided", "tbd", "tba",
        "pending", "blank", "(blank)", "empty", "select",
    ]
)  # fmt: skip
"""Words for nothing, where a number, a date or another typed value should stand."""

UNCHOSEN: Final = frozenset(
    [
        "select", "-select-", "--select--", "- select -", "-- select --", "<select>", "(select)", "[select]",
        "select one",
        "select...", "select…", "please select", "-please select-", "--please select--", "choose", "choose one",
        "please choose", "none selected", "nothing selected", "select an option", "choose an option", "-", "--", "---",
        "n/a", "#n/a", "null", "nan", "(blank)", "?",
    ]
)  # fmt: skip
"""What a list of choices shows while nothing was chosen. `None` and `Unknown` may well be choices."""

LEAST_REPEATS: Final = 5
"""A text that fits no type and stands in so many cells is a stand-in, not a slip of the hand."""

LARGEST_STAND_IN_SHARE: Final = 0.05
MOST_EMPTY_TEXTS: Final = 20


@dataclass(frozen=True, slots=True)
class Fit:
    """How a column fits: `empty` are the texts that must mean empty; `misfits` cells would be refused."""

    is_whole: bool
    empty: Counted
    misfits: int
    texts: Counted

    @property
    def is_clean(self) -> bool:
        """Whether every cell fits as it is."""
        return not self.misfits


NEVER = Fit(False, [], -1, [])


def fit_of(column: ColumnFacts, way: str) -> Fit:
    """How the column fits a way of reading (a name of `leads.proposals.trials`)."""
    trial = column.trials.get(way)
    if trial is None or not column.filled:
        return NEVER
    if not trial.misfits:
        return Fit(True, [], 0, [])
    whole = trial.texts_complete and trial.misfits < column.filled
    empty = [(text, count) for text, count in trial.texts if _is_nothing(text, count)]
    stand_ins = sum(count for text, count in empty if normalise_text(text) not in NOTHING)
    whole = (
        whole
        and len(empty) == len(trial.texts) <= MOST_EMPTY_TEXTS
        and stand_ins <= LARGEST_STAND_IN_SHARE * column.filled
    )
    return Fit(whole, empty if whole else [], trial.misfits, trial.texts)


def _is_nothing(text: str, count: int) -> bool:
    return may_mean_empty(text) and (normalise_text(text) in NOTHING or count >= LEAST_REPEATS)


def may_mean_empty(text: str) -> bool:
    """Whether a field can be told that the text means empty."""
    return bool(text.strip()) and len(text) <= LONGEST_EMPTY and is_storable_text(text)


def unchosen(column: ColumnFacts) -> Counted:
    """The texts of a column of choices that say that nothing was chosen."""
    codes = sum(count for text, count in column.values if len(text) == 2 and text.isalpha())
    words = UNCHOSEN if codes * 2 > column.filled else UNCHOSEN | {"na"}
    return [(text, count) for text, count in column.values if normalise_text(text) in words]
