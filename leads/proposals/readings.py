"""A column read as one type: the settings that make the field take it, and what it would refuse.

`read_as` answers for any type, also for one that a person chose against the proposal.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from core.rules import normalise_text
from core.values import DateOrder
from leads.fields.checks.reading import LONGEST_CHOICE
from leads.fields.checks.settings import BETWEEN_CHOICES, MOST_DECIMALS
from leads.fields.definition import DEFAULT_DECIMALS
from leads.fields.limits import INT64, LONGEST_LONG_TEXT, LONGEST_TEXT
from leads.models import FieldKind
from leads.proposals import trials as ways
from leads.proposals.facts import ColumnFacts, Counted
from leads.proposals.fitting import NEVER, Fit, fit_of, unchosen
from leads.proposals.names import hints
from leads.proposals.trials import DATE_ORDERS, NAMED_PATTERNS, PATTERNS

WAYS: Final = {
    FieldKind.BOOLEAN: ways.BOOLEAN,
    FieldKind.INTEGER: ways.INTEGER,
    FieldKind.DECIMAL: ways.NUMBER,
    FieldKind.MONEY: ways.NUMBER,
    FieldKind.PERCENT: ways.PERCENT,
    FieldKind.TIME: ways.TIME,
    FieldKind.EMAIL: ways.EMAIL,
    FieldKind.URL: ways.URL,
    FieldKind.PHONE: ways.PHONE,
}
OFFERED: Final = (
    FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.SELECT, FieldKind.MULTI_SELECT, FieldKind.BOOLEAN,
    FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT, FieldKind.DATE, FieldKind.DATETIME,
    FieldKind.TIME, FieldKind.PHONE, FieldKind.EMAIL, FieldKind.URL,
)  # fmt: skip
"""The types that a column of a file may become."""

USUAL_DECIMALS: Final = 2
_TAKES_ALL = Fit(True, [], 0, [])


@dataclass(frozen=True, slots=True)
class Reading:
    """A column as one type. `settings` are those of the field that come of the type and the values."""

    kind: FieldKind
    fit: Fit
    settings: dict[str, Any] = field(default_factory=dict)
    date_orders: tuple[str, ...] = ()
    pattern: str = ""


def read_as(column: ColumnFacts, kind: FieldKind, usual_order: DateOrder) -> Reading:
    """The column read as `kind`; `usual_order` decides between orders of dates that fit equally well."""
    if kind in (FieldKind.DATE, FieldKind.DATETIME):
        return _as_date(column, kind, usual_order)
    if kind is FieldKind.SELECT:
        return _as_select(column)
    if kind is FieldKind.MULTI_SELECT:
        return _as_multi_select(column)
    if kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        return _as_text(column, kind)
    if kind in DEFAULT_DECIMALS:
        return _as_number(column, kind)
    return Reading(kind, fit_of(column, WAYS[kind]))


def _as_number(column: ColumnFacts, kind: FieldKind) -> Reading:
    fit, numbers = fit_of(column, WAYS[kind]), column.numbers
    if numbers is None:
        return Reading(kind, NEVER)
    if kind is FieldKind.INTEGER:
        return Reading(kind, fit if _has_room(column, USUAL_DECIMALS) else NEVER)
    needed = max(numbers.text_decimals, min(numbers.decimals, DEFAULT_DECIMALS[FieldKind.DECIMAL]))
    decimals = max(needed, USUAL_DECIMALS)
    if decimals > MOST_DECIMALS or not _has_room(column, decimals):
        return Reading(kind, NEVER)
    is_usual = decimals == DEFAULT_DECIMALS[kind]
    return Reading(kind, fit, {} if is_usual else {"decimals": decimals})


def _has_room(column: ColumnFacts, decimals: int) -> bool:
    """Whether the numbers are such as the index can hold, which keeps them scaled in 64 bits."""
    numbers = column.numbers
    if numbers is None:
        return True
    return max(abs(Decimal(numbers.least)), abs(Decimal(numbers.most))) < Decimal(INT64).scaleb(-decimals)


def _as_date(column: ColumnFacts, kind: FieldKind, usual_order: DateOrder) -> Reading:
    way = "date" if kind is FieldKind.DATE else "datetime"
    fits = {order: fit_of(column, f"{way}:{order}") for order in DATE_ORDERS}
    whole = [order for order, fit in fits.items() if fit.is_whole]
    tried = [order for order, fit in fits.items() if fit is not NEVER]
    candidates = whole or tried
    if not candidates:
        return Reading(kind, NEVER, {"date_order": usual_order})
    fewest = min(fits[order].misfits for order in candidates)
    best = [order for order in candidates if fits[order].misfits == fewest]
    order = usual_order if usual_order in best else best[0]
    return Reading(kind, fits[order], {"date_order": order}, date_orders=tuple(best))


def _as_select(column: ColumnFacts) -> Reading:
    empty = unchosen(column)
    left_out = {normalise_text(text) for text, _count in empty}
    choices = [(text, count) for text, count in column.values if normalise_text(text) not in left_out]
    too_long = any(len(text) > LONGEST_CHOICE for text, _count in choices)
    if not column.values_complete or not choices or too_long or _share_a_form(choices):
        return Reading(FieldKind.SELECT, NEVER, {"choices": []})
    fit = Fit(True, empty, 0, [])
    return Reading(FieldKind.SELECT, fit, {"choices": in_order(choices)})


def _share_a_form(choices: Counted) -> bool:
    return len({normalise_text(text) for text, _count in choices}) < len(choices)


def in_order(choices: Counted) -> list[str]:
    """Choices as a list shows them: numbered ones by their numbers, others the most frequent first."""
    texts = [text for text, _count in choices]
    return sorted(texts) if all(text[:1].isdigit() for text in texts) else texts


def _as_multi_select(column: ColumnFacts) -> Reading:
    parts = column.parts
    if parts is None or not parts.parts_complete or parts.longest > LONGEST_CHOICE:
        return Reading(FieldKind.MULTI_SELECT, NEVER, {"choices": []})
    spellings: dict[str, str] = {}
    for text, _count in parts.parts:
        spellings.setdefault(normalise_text(text), text)
    choices = [(text, count) for text, count in parts.parts if spellings[normalise_text(text)] == text]
    if any(BETWEEN_CHOICES.search(text) or not normalise_text(text) for text, _count in choices):
        return Reading(FieldKind.MULTI_SELECT, NEVER, {"choices": []})
    return Reading(FieldKind.MULTI_SELECT, _TAKES_ALL, {"choices": in_order(choices)})


def _as_text(column: ColumnFacts, kind: FieldKind) -> Reading:
    longest = LONGEST_TEXT if kind is FieldKind.TEXT else LONGEST_LONG_TEXT
    if column.longest > longest:
        return Reading(kind, NEVER)
    pattern = pattern_of(column) if kind is FieldKind.TEXT else ""
    if not pattern or pattern == "uuid":
        return Reading(kind, _TAKES_ALL, pattern=pattern)
    form = PATTERNS[pattern][1]
    settings: dict[str, Any] = {"regex": form}
    if any(character.isalpha() for character in form.replace("A-Z", "A")):
        settings["transform"] = "upper"
    return Reading(kind, fit_of(column, f"pattern:{pattern}"), settings, pattern=pattern)


def pattern_of(column: ColumnFacts) -> str:
    """The known form that all of a column's values have; "" for none."""
    for name in PATTERNS:
        named = name not in NAMED_PATTERNS or hints(column.header, name)
        if named and fit_of(column, f"pattern:{name}").is_whole:
            return name
    return ""
