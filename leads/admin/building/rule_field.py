"""A rule in a form of the console: rows to build it with, what it says in words, and its text behind a disclosure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.forms import JsonField
from core.rules import Kind
from leads.admin.building.rule_tree import (
    DEEPEST,
    Condition,
    Group,
    Kept,
    Part,
    RuleField,
    Written,
    act,
    comparable,
    draft_of_rule,
    each_part,
    problems_in,
    read_tree,
    rule_of,
)
from leads.fields.definition import FieldDefinition
from leads.fields.rule_words import rule_words
from leads.pages.rule_rows import shown_row
from leads.pages.widgets import DrawnWidget

MATCH_WORDS = (
    ("all", gettext_lazy("all of these hold")),
    ("any", gettext_lazy("any of these holds")),
    ("not_all", gettext_lazy("not all of these hold")),
    ("not_any", gettext_lazy("none of these holds")),
)
BOOLEAN_CHOICES = (("true", gettext_lazy("Yes")), ("false", gettext_lazy("No")))


@dataclass(slots=True)
class TypedRule:
    """What was sent for a rule: its rows, and its text, `was` as the page showed it. `action` is a pressed button."""

    root: Group | None
    text: str
    was: str
    action: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the text is what counts: it was changed, or came alone."""
        return self.root is None or not same_text(self.text, self.was)

    @property
    def is_broken(self) -> bool:
        """Whether the text cannot be read."""
        return bool(self.text.strip()) and _parsed(self.text) is None


def same_text(text: str, other: str) -> bool:
    """Whether two texts of a form are the same, however its browser ends lines."""
    return text.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def rule_text(tree: Any) -> str:
    """Return a rule as the text area has it."""
    return "" if tree is None else json.dumps(tree, ensure_ascii=False, indent=1)


class RuleWidget(DrawnWidget):
    """Rows of a rule. The form says which fields there are, and what its service has found wrong, by path."""

    template = "console/leads/building/rule.html"

    def __init__(self, nothing: Any, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self.nothing = nothing
        self.without_fields: Any = gettext_lazy(
            "A rule reads other fields of the line, and there is none yet."
        )
        self.fields: Mapping[str, RuleField] = {}
        self.definitions: Mapping[str, FieldDefinition] = {}
        self.problems: dict[str, str] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "RuleWidget":
        """A form's own: Django copies a widget without what hangs on it, and one page's problems are no other's."""
        copied: RuleWidget = super().__deepcopy__(memo)
        copied.problems = {}
        return copied

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedRule | None:
        root = read_tree(data, name, self.fields) if hasattr(data, "getlist") else None
        if root is None and name not in data:
            return None
        action = data.get(f"{name}-do", "")
        return TypedRule(act(root, action) if root and action else root, data.get(name, ""),
                         data.get(f"{name}-was", ""), action)  # fmt: skip

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-0-match" not in data

    def id_for_label(self, id_: str) -> str:
        """None: what is built of many controls is named by its group."""
        return ""

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        typed = value if isinstance(value, TypedRule) else None
        if typed is None:
            tree = value
            root = draft_of_rule(tree, self.fields)
        elif typed.is_text:
            tree = _parsed(typed.text)
            # What cannot be read stays as it is typed, and the rows stay as they were.
            root = typed.root or Group() if typed.is_broken else draft_of_rule(tree, self.fields)
        else:
            root = typed.root or Group()
            tree = written(typed, self.fields).tree
        if typed is not None and typed.action:
            # A row that was just added needs no reproach.
            for part in each_part(root):
                part.problem = ""
        for part in each_part(root):
            part.problem = self.problems.get(part.place) or part.problem
        is_text = typed is not None and typed.is_text and (typed.is_broken or not typed.action)
        text = typed.text if typed is not None and is_text else rule_text(tree)
        return {
            "prefix": name,
            "root": drawn(root, self.fields, self.definitions),
            "has_rows": bool(root.parts),
            "fields": field_options(self.fields),
            "matches": MATCH_WORDS,
            "words": rule_words(tree, self.definitions) if tree is not None else "",
            "nothing": self.nothing,
            "without_fields": self.without_fields,
            "text": text,
            "was": text if not is_text else typed.was if typed else "",
            "is_text": is_text,
        }


def field_options(fields: Mapping[str, RuleField]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the fields to choose from, by section."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for entry in fields.values():
        sections.setdefault(entry.section, []).append((entry.name, entry.label))
    return list(sections.items())


def drawn(
    part: Part, fields: Mapping[str, RuleField], definitions: Mapping[str, FieldDefinition]
) -> dict[str, Any]:
    """Return what the template is told of a part, and of all parts within it."""
    told: dict[str, Any] = {"place": part.place, "problem": part.problem}
    if isinstance(part, Group):
        return told | {
            "kind": "group",
            "match": part.match,
            "parts": [drawn(each, fields, definitions) for each in part.parts],
            "may_nest": part.depth < DEEPEST,
        }
    if isinstance(part, Kept):
        text = json.dumps(part.tree, ensure_ascii=False)
        return told | {"kind": "kept", "text": text, "words": rule_words(part.tree, definitions)}
    return told | _drawn_row(part, fields)


def _drawn_row(row: Condition, fields: Mapping[str, RuleField]) -> dict[str, Any]:
    entry = fields.get(row.name)
    told = {"kind": "row", "name": row.name, "is_unknown": bool(row.name) and entry is None}
    if entry is None:
        return told
    answers = [(value, str(label)) for value, label in BOOLEAN_CHOICES] if entry.kind is Kind.BOOLEAN else []
    told |= shown_row(row, entry, [*entry.choices, *answers])
    if others := comparable(row, fields):
        told |= {"others": others, "other": row.other}
    return told


def written(typed: TypedRule, fields: Mapping[str, RuleField]) -> Written:
    """Return the rule that the rows say; as it was written before, where they say the same."""
    found = rule_of(typed.root or Group(), fields)
    before = _parsed(typed.was)
    if before is not None and rule_of(draft_of_rule(before, fields), fields).tree == found.tree:
        found.tree = before
    return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return None


class BuiltRuleField(forms.Field):
    """A rule, or None. What was typed stays as it is where something is wrong with it."""

    widget: RuleWidget

    def __init__(self, *, nothing: Any, **kwargs: Any) -> None:
        super().__init__(required=False, widget=RuleWidget(nothing), **kwargs)
        self._as_text = JsonField()

    def surround(self, fields: Mapping[str, RuleField], definitions: Mapping[str, FieldDefinition]) -> None:
        """Say which fields a rule may read, and the definitions that put any rule into words."""
        self.widget.fields, self.widget.definitions = fields, definitions
        self.widget.attrs |= {"label": str(self.label)}

    def clean(self, value: Any) -> Any:
        if not isinstance(value, TypedRule):
            return value or None
        if value.is_text:
            return self._as_text.clean(value.text)
        found = written(value, self.widget.fields)
        if value.root is not None and problems_in(value.root):
            raise ValidationError(_("Correct the marked row."), code="marked")
        return found.tree

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or None) != self.clean(data))
        except ValidationError:
            return True

    def place_problem(self, value: Any, path: str, message: str) -> bool:
        """Put a problem at a path of the rule beside its row; return whether there is one."""
        if not isinstance(value, TypedRule) or value.is_text:
            return False
        parts = written(value, self.widget.fields).parts
        for start, part in parts.items():
            if path == start or not start or path.startswith((f"{start}.", f"{start}[")):
                self.widget.problems.setdefault(part.place, message)
                return True
        return False
