"""The builder of conditions: a form that makes a rule of the rule language, and nothing but such a rule.

It works by itself, without a script: each press sends the form, which comes back a row longer, shorter or with other
inputs. `c-2-field`, `c-2-op`, `c-2-value` (several) and `c-2-group` are the third condition; conditions of one group
stand in parentheses and are joined the other way round. What the form cannot show of a rule stays in it as `kept`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from core.errors import ValidationFailed
from core.rules import OPERANDS, OPERATORS, Kind, Operand, Operator, parse_rule
from core.rules.language import RuleError
from core.values import Refused, boolean
from leads.models import FieldKind
from leads.pages.filters import fixed_choices
from leads.pages.lists.words import operator_words
from leads.queries.lead_list import Catalog, Filterable, both_rules, parse_filters, parse_rule_text
from leads.queries.origins import active_campaigns, active_sources
from leads.queries.tags import offered_tags

MOST_ROWS = 60
OTHER = {"all": "any", "any": "all"}
LISTS = (Operand.LIST, Operand.PAIR)
INPUT_TYPES = {Kind.DATE: "date", Kind.TIME: "time", Kind.DATETIME: "datetime-local"}


@dataclass(slots=True)
class Row:
    """One condition as it is typed. `group` 0 stands alone; rows of another number share parentheses."""

    name: str = ""
    operator: str = ""
    values: list[str] = field(default_factory=list)
    group: int = 0
    problem: str = ""


@dataclass(slots=True)
class Draft:
    """A rule on its way: rows joined by `match` (all, any), and parts that the form does not show."""

    rows: list[Row]
    match: str = "all"
    kept: list[dict[str, Any]] = field(default_factory=list)


def draft_of_address(catalog: Catalog, parameters: QueryDict, filters: Mapping[str, list[str]]) -> Draft:
    """Return what a list's address asks for, its simple filters among it, as rows."""
    try:
        rule = both_rules(
            parse_filters(catalog, dict(filters)), parse_rule_text(catalog, parameters.get("rule", ""))
        )
    except ValidationFailed:
        rule = None
    return draft_of_rule(rule)


def draft_of_rule(rule: Mapping[str, Any] | None) -> Draft:
    """Return a rule as rows. Deeper trees than the form has are kept as they are."""
    if not rule:
        return Draft([Row()])
    match = "any" if "any" in rule else "all"
    parts = rule.get(match, [rule])
    draft = Draft([], match)
    for part in _flattened(parts, match):
        if "field" in part and not isinstance(part.get("value"), Mapping) and not part.get("exact"):
            draft.rows.append(_row(part))
        elif (inner := part.get(OTHER[match])) and all(
            "field" in each and not isinstance(each.get("value"), Mapping) and not each.get("exact")
            for each in inner
        ):
            number = max((row.group for row in draft.rows), default=0) + 1
            draft.rows += [_row(each, number) for each in inner]
        else:
            draft.kept.append(part)
    return draft


def _flattened(parts: list[Any], match: str) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        found += _flattened(part[match], match) if match in part else [part]
    return found


def _row(condition: Mapping[str, Any], group: int = 0) -> Row:
    value = condition.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    texts = [("true" if each else "false") if isinstance(each, bool) else str(each) for each in values]
    return Row(condition["field"], condition["op"], texts, group)


def read_draft(data: QueryDict, catalog: Catalog) -> Draft:
    """Return what is typed; rows without a field say nothing, and operators that do not suit are changed."""
    numbers = sorted(
        {int(name.split("-")[1]) for name in data if name.startswith("c-") and name.split("-")[1].isdecimal()}
    )
    rows = []
    for number in numbers[:MOST_ROWS]:
        values = [value for value in data.getlist(f"c-{number}-value") if value.strip()]
        group = data.get(f"c-{number}-group", "0")
        row = Row(
            data.get(f"c-{number}-field", ""),
            data.get(f"c-{number}-op", ""),
            values,
            int(group) if group.isascii() and group.isdecimal() and len(group) < 3 else 0,
        )
        _suit(row, catalog)
        rows.append(row)
    kept = []
    for text in data.getlist("kept")[:20]:
        try:
            kept.append(parse_rule(json.loads(text), catalog.kinds).to_json())
        except (ValueError, RecursionError, RuleError):
            continue
    return Draft(rows, "any" if data.get("match") == "any" else "all", kept)


def _suit(row: Row, catalog: Catalog) -> None:
    entry = catalog.entries.get(row.name)
    if entry is None:
        row.operator, row.values = "", []
        return
    offered = operators_of(entry)
    if row.operator not in offered:
        row.operator = offered[0].value


def operators_of(entry: Filterable) -> tuple[Operator, ...]:
    """Return the operators that the form offers for a name, the most usual first."""
    return OPERATORS[entry.kind]


def rule_of(draft: Draft, catalog: Catalog) -> dict[str, Any] | None:
    """Return the rule that the rows say, None for none; each wrong row is told its problem, and ValueError raised."""
    parts: list[Any] = []
    groups: dict[int, list[Any]] = {}
    for row in draft.rows:
        if not row.name:
            continue
        condition = _condition(row, catalog)
        if condition is None:
            continue
        if row.group:
            if row.group not in groups:
                groups[row.group] = []
                parts.append({OTHER[draft.match]: groups[row.group]})
            groups[row.group].append(condition)
        else:
            parts.append(condition)
    if any(row.problem for row in draft.rows):
        raise ValueError("Some conditions need a correction.")
    parts += draft.kept
    if not parts:
        return None
    tree = parts[0] if len(parts) == 1 else {draft.match: parts}
    try:
        return parse_rule(tree, catalog.kinds).to_json()
    except RuleError as error:
        first = draft.rows[0] if draft.rows else Row()
        first.problem = error.problems[0].message
        draft.rows = draft.rows or [first]
        raise ValueError(first.problem) from error


def _condition(row: Row, catalog: Catalog) -> dict[str, Any] | None:
    entry = catalog.entries[row.name]
    operand = OPERANDS[Operator(row.operator)]
    tree: dict[str, Any] = {"field": row.name, "op": row.operator}
    if operand is not Operand.NOTHING:
        if not row.values:
            row.problem = _("Write a value, or take the condition away.")
            return None
        tree["value"] = _value(row, entry, operand)
    try:
        return parse_rule(tree, catalog.kinds).to_json()
    except RuleError as error:
        row.problem = error.problems[0].message
        return None


def _value(row: Row, entry: Filterable, operand: Operand) -> Any:
    if operand is Operand.DAYS:
        text = row.values[-1].strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
    texts = row.values
    if operand in LISTS and len(texts) == 1 and not choices_of_name(entry):
        texts = [part.strip() for part in texts[0].split(",") if part.strip()]
    literals = [_literal(text, entry) for text in texts]
    return literals if operand in LISTS else literals[-1]


def _literal(text: str, entry: Filterable) -> Any:
    if entry.kind is Kind.BOOLEAN:
        answer = boolean(text)
        return text if isinstance(answer, Refused) else answer.value
    return text.strip()


def choices_of_name(entry: Filterable) -> bool:
    """Whether the values of a name are chosen, not typed."""
    closed = entry.item is not None and entry.item.type in (FieldKind.SELECT, FieldKind.MULTI_SELECT)
    return (
        closed
        or entry.kind is Kind.BOOLEAN
        or entry.name in ("status", "stage", "owner", "source", "campaign", "tag")
    )


class Builder:
    """What the template of the builder asks for."""

    def __init__(self, catalog: Catalog, draft: Draft, people: list[tuple[str, str]]) -> None:
        self.catalog = catalog
        self.draft = draft
        self.people = people

    def fields(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The names to choose from: those that an index serves first, and the others, which are slower."""
        fast: list[tuple[str, str]] = []
        slow: list[tuple[str, str]] = []
        for entry in self.catalog.entries.values():
            if entry.item is not None and not entry.item.is_active:
                continue
            (fast if self.catalog.is_fast(entry.name) else slow).append((entry.name, entry.label))
        return [
            (group, entries)
            for group, entries in ((_("Fast"), fast), (_("Slower: each lead is looked at"), slow))
            if entries
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The conditions as the form shows them."""
        return [self._shown(number, row) for number, row in enumerate(self.draft.rows)]

    def _shown(self, number: int, row: Row) -> dict[str, Any]:
        entry = self.catalog.entries.get(row.name)
        shown: dict[str, Any] = {
            "number": number,
            "name": row.name,
            "group": row.group,
            "problem": row.problem,
            "operators": [],
            "inputs": [],
        }
        if entry is None:
            return shown
        operator = Operator(row.operator)
        shown["operator"] = row.operator
        shown["operators"] = [(each.value, operator_words(each, entry.kind)) for each in operators_of(entry)]
        shown["is_slow"] = not self.catalog.is_fast(entry.name)
        shown["is_retired"] = entry.item is not None and not entry.item.is_active
        operand = OPERANDS[operator]
        if operand is Operand.NOTHING:
            return shown
        choices = self._choices(entry) if operand in (Operand.ONE, Operand.LIST) else []
        if choices:
            known = {value for value, _label in choices}
            choices += [(value, value) for value in row.values if value not in known]
            shown["choices"] = [(value, label, value in row.values) for value, label in choices]
            shown["is_several"] = operand is Operand.LIST
            return shown
        values = [*row.values, "", ""]
        kind = "number" if operand is Operand.DAYS else INPUT_TYPES.get(entry.kind, "text")
        if operand is Operand.LIST:
            shown["inputs"] = [{"type": "text", "value": ", ".join(row.values), "help": _("Between commas")}]
        elif operand is Operand.PAIR:
            shown["inputs"] = [
                {"type": kind, "value": self._typed(entry, value), "help": words}
                for value, words in zip(values, (_("from"), _("to")), strict=False)
            ]
        else:
            shown["inputs"] = [{"type": kind, "value": self._typed(entry, values[0]), "help": ""}]
        return shown

    @staticmethod
    def _typed(entry: Filterable, value: str) -> str:
        """A value as its input takes it: moments without offset and seconds."""
        return value[:16] if entry.kind is Kind.DATETIME else value

    def _choices(self, entry: Filterable) -> list[tuple[str, str]]:
        actor = self.catalog.actor
        match entry.name:
            case "owner":
                return [("me", _("Me")), *self.people]
            case "source":
                return [(name, name) for name in active_sources(actor)]
            case "campaign":
                return [(name, name) for name in active_campaigns(actor)]
            case "tag":
                return [(name, name) for name in offered_tags(actor)]
            case "status" | "stage":
                return [
                    (value, text)
                    for (name, value), text in fixed_choices(self.catalog.line)
                    if name == entry.name
                ]
        if entry.kind is Kind.BOOLEAN:
            return [("true", _("Yes")), ("false", _("No"))]
        if entry.item is not None and entry.item.type in (FieldKind.SELECT, FieldKind.MULTI_SELECT):
            return [(choice.value, choice.label) for choice in entry.item.choices]
        return []
