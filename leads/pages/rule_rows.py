"""One condition of a rule as a form has it: field, comparison, values. Every builder of rules is made of these rows.

A row is text as it was typed. It becomes a condition of the rule language, or is told what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.translation import gettext as _

from core.rules import OPERANDS, Kind, Operand, Operator, parse_rule
from core.rules.language import RuleError
from core.values import Refused, boolean
from leads.pages.lists.words import operator_words

LISTS = (Operand.LIST, Operand.PAIR)
INPUT_TYPES = {Kind.DATE: "date", Kind.TIME: "time", Kind.DATETIME: "datetime-local"}
MOST_DAYS_DIGITS = 9


class RowField(Protocol):
    """What a row can be about: a name of the rule's values, with its label and kind."""

    @property
    def name(self) -> str:
        """What the rule calls it."""

    @property
    def kind(self) -> Kind:
        """What it holds, as far as rules are concerned."""

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The comparisons that a form offers for it, the most usual first."""


@dataclass(slots=True)
class Row:
    """One condition as it is typed; `problem` says what is wrong with it."""

    name: str = ""
    operator: str = ""
    values: list[str] = field(default_factory=list)
    problem: str = ""


def typed_values(condition: Mapping[str, Any]) -> list[str]:
    """Return the values of a condition as a form has them: one, several, or none."""
    value = condition.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [("true" if each else "false") if isinstance(each, bool) else str(each) for each in values]


def suit(row: Row, entry: RowField | None) -> None:
    """Give a row a comparison that suits its field; without a field it says nothing."""
    if entry is None:
        row.operator, row.values = "", []
    elif row.operator not in entry.operators:
        row.operator = entry.operators[0].value


def condition_of(
    row: Row, entry: RowField, kinds: Mapping[str, Kind], *, is_chosen: bool
) -> dict[str, Any] | None:
    """Return the condition that a row says, or None after telling the row its problem.

    `is_chosen`: its values are chosen, not typed, so that a comma in one parts nothing.
    """
    operand = OPERANDS[Operator(row.operator)]
    tree: dict[str, Any] = {"field": row.name, "op": row.operator}
    if operand is not Operand.NOTHING:
        if not row.values:
            row.problem = _("Write a value, or take the condition away.")
            return None
        tree["value"] = _value(row, entry, operand, is_chosen=is_chosen)
    return checked(row, tree, kinds)


def checked(row: Row, tree: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    """Return a condition in its one spelling, or None after telling the row its problem."""
    try:
        return parse_rule(tree, kinds).to_json()
    except RuleError as error:
        row.problem = error.problems[0].message
        return None


def _value(row: Row, entry: RowField, operand: Operand, *, is_chosen: bool) -> Any:
    if operand is Operand.DAYS:
        text = row.values[-1].strip()
        is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DAYS_DIGITS
        return int(text) if is_number else text
    texts = row.values
    if operand in LISTS and len(texts) == 1 and not is_chosen:
        texts = [part.strip() for part in texts[0].split(",") if part.strip()]
    literals = [_literal(text, entry) for text in texts]
    return literals if operand in LISTS else literals[-1]


def _literal(text: str, entry: RowField) -> Any:
    if entry.kind is Kind.BOOLEAN:
        answer = boolean(text)
        return text if isinstance(answer, Refused) else answer.value
    return text.strip()


def shown_row(row: Row, entry: RowField, choices: list[tuple[str, str]]) -> dict[str, Any]:
    """Return what a template draws for a row: operators, and inputs to type in or `choices` to choose from."""
    operator = Operator(row.operator)
    operand = OPERANDS[operator]
    shown: dict[str, Any] = {
        "operator": row.operator,
        "operators": [(each.value, operator_words(each, entry.kind)) for each in entry.operators],
        "inputs": [],
    }
    if operand is Operand.NOTHING:
        return shown
    if choices and operand in (Operand.ONE, Operand.LIST):
        known = {value for value, _label in choices}
        offered = [*choices, *((value, value) for value in row.values if value not in known)]
        shown["choices"] = [(value, label, value in row.values) for value, label in offered]
        shown["is_several"] = operand is Operand.LIST
        return shown
    return shown | {"inputs": _inputs(row, entry, operand)}


def _inputs(row: Row, entry: RowField, operand: Operand) -> list[dict[str, str]]:
    values = [*row.values, "", ""]
    kind = "number" if operand is Operand.DAYS else INPUT_TYPES.get(entry.kind, "text")
    if operand is Operand.LIST:
        return [{"type": "text", "value": ", ".join(row.values), "help": _("Between commas")}]
    if operand is Operand.PAIR:
        return [
            {"type": kind, "value": _typed(entry, value), "help": words}
            for value, words in zip(values, (_("from"), _("to")), strict=False)
        ]
    return [{"type": kind, "value": _typed(entry, values[0]), "help": ""}]


def _typed(entry: RowField, value: str) -> str:
    """A value as its input takes it: moments without offset and seconds."""
    return value[:16] if entry.kind is Kind.DATETIME else value
