"""The builder of conditions: a form that makes a rule of the rule language, and nothing but such a rule.

It works by itself, without a script: each press sends the form, which comes back a row longer, shorter or with other
inputs. `c-2-field`, `c-2-op`, `c-2-value` (several) and `c-2-group` are the third condition; conditions of one group
stand in parentheses and are joined the other way round. What the form cannot show of a rule stays in it as `kept`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from core.errors import ValidationFailed
from core.rules import Kind, parse_rule
from core.rules.language import RuleError
from leads.models import FieldKind
from leads.pages.filters import fixed_choices
from leads.pages.rule_rows import Row as TypedRow
from leads.pages.rule_rows import condition_of, shown_row, suit, typed_values
from leads.queries.lead_list import Catalog, Filterable, both_rules, parse_filters, parse_rule_text
from leads.queries.origins import active_campaigns, active_sources
from leads.queries.tags import offered_tags

MOST_ROWS = 60
OTHER = {"all": "any", "any": "all"}


@dataclass(slots=True)
class Row(TypedRow):
    """One condition as it is typed. `group` 0 stands alone; rows of another number share parentheses."""

    group: int = 0


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
    return Row(condition["field"], condition["op"], typed_values(condition), group=group)


def read_draft(data: QueryDict, catalog: Catalog) -> Draft:
    """Return what is typed; rows without a field say nothing, and operators that do not suit are changed."""
    places = {name.split("-")[1] for name in data if name.startswith("c-")}
    numbers = sorted({int(place) for place in places if place.isdecimal() and len(place) < 5})
    rows = []
    for number in numbers[:MOST_ROWS]:
        values = [value for value in data.getlist(f"c-{number}-value") if value.strip()]
        group = data.get(f"c-{number}-group", "0")
        row = Row(
            data.get(f"c-{number}-field", ""),
            data.get(f"c-{number}-op", ""),
            values,
            group=int(group) if group.isascii() and group.isdecimal() and len(group) < 3 else 0,
        )
        suit(row, catalog.entries.get(row.name))
        rows.append(row)
    kept = []
    for text in data.getlist("kept")[:20]:
        try:
            kept.append(parse_rule(json.loads(text), catalog.kinds).to_json())
        except (ValueError, RecursionError, RuleError):
            continue
    return Draft(rows, "any" if data.get("match") == "any" else "all", kept)


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
    return condition_of(row, entry, catalog.kinds, is_chosen=choices_of_name(entry))


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

    def __init__(
        self, catalog: Catalog, draft: Draft, people: list[tuple[str, str]], *, is_longer: bool = False
    ) -> None:
        self.catalog = catalog
        self.is_longer = is_longer
        self.draft = draft
        self.people = people

    def fields(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The names to choose from: those that an index serves first, and the others, which are slower."""
        fast: list[tuple[str, str]] = []
        slow: list[tuple[str, str]] = []
        said_twice = self._said_twice() - {row.name for row in self.draft.rows}
        for entry in self.catalog.entries.values():
            if entry.name in said_twice or (entry.item is not None and not entry.item.is_active):
                continue
            (fast if self.catalog.is_fast(entry.name) else slow).append((entry.name, entry.label))
        return [
            (group, entries)
            for group, entries in ((_("Fast"), fast), (_("Slower: each lead is looked at"), slow))
            if entries
        ]

    def _said_twice(self) -> set[str]:
        """Attributes that a field of the line fills hold the same as the field: of the two the faster is offered."""
        found = set()
        for entry in self.catalog.entries.values():
            filled = entry.item.maps_to if entry.item is not None and entry.item.is_active else ""
            if filled in self.catalog.entries:
                is_slower = self.catalog.is_fast(filled) and not self.catalog.is_fast(entry.name)
                found.add(entry.name if is_slower else filled)
        return found

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
            # A row that was just asked for takes the focus.
            "is_new": self.is_longer and number == len(self.draft.rows) - 1,
        }
        if entry is None:
            return shown
        shown |= shown_row(row, entry, self._choices(entry))
        shown["is_slow"] = not self.catalog.is_fast(entry.name)
        shown["is_retired"] = entry.item is not None and not entry.item.is_active
        return shown

    # Read once, however many rows ask for them.
    @cached_property
    def _sources(self) -> list[tuple[str, str]]:
        return [(name, name) for name in active_sources(self.catalog.actor)]

    @cached_property
    def _campaigns(self) -> list[tuple[str, str]]:
        return [(name, name) for name in active_campaigns(self.catalog.actor)]

    @cached_property
    def _tags(self) -> list[tuple[str, str]]:
        return [(name, name) for name in offered_tags(self.catalog.actor)]

    def _choices(self, entry: Filterable) -> list[tuple[str, str]]:
        match entry.name:
            case "owner":
                return [("me", _("Me")), *self.people]
            case "source":
                return self._sources
            case "campaign":
                return self._campaigns
            case "tag":
                return self._tags
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
