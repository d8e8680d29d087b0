"""A formula in a form of the console: its text, fields to put into it, an if to build, a trial with samples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from core.errors import ApplicationError
from core.locale_formats import format_number
from core.rules import Formula, Kind, parse_formula
from core.values import Coerced, decimal_number
from leads.admin.building.formula_cases import (
    BUTTON,
    CASES,
    Conditional,
    conditionals_of,
    has_problems,
    read_conditionals,
    spliced,
)
from leads.admin.building.rule_field import BOOLEAN_CHOICES, MATCH_WORDS, drawn, field_options, same_text
from leads.admin.building.rule_tree import Group, act, each_part, problems_in, read_tree, rule_of
from leads.admin.building.surroundings import Surroundings
from leads.fields.definition import DEFAULT_DECIMALS, FieldDefinition
from leads.fields.rule_words import rule_words
from leads.fields.types import FIELD_TYPES
from leads.models import FieldKind
from leads.pages.rule_rows import INPUT_TYPES
from leads.pages.widgets import DrawnWidget
from leads.services.enquiries import capture_context

IF = "formula_if"
SAMPLE = "formula-sample-"
SIGNS = ("+", "-", "*", "/", "(", ")", "min(", "max(", "round(", "abs(")
LONGEST_SAMPLE = 200
NO_SURROUNDINGS: Mapping[str, FieldDefinition] = {}


def is_pressed(data: Mapping[str, Any], name: str) -> bool:
    """Whether a button of the editor was pressed."""
    return bool(data.get(f"{name}-do") or data.get(f"{IF}-do")) or any(map(BUTTON.fullmatch, data))


@dataclass(slots=True)
class TypedFormula:
    """What was sent for a formula: its text, sample values by key, and the condition of an if that is being built."""

    text: str
    samples: dict[str, str] = field(default_factory=dict)
    condition: Group | None = None
    problem: str = ""
    # The ifs of the text as they were sent in rows; empty where the text itself was changed.
    ifs: list[Conditional] = field(default_factory=list)
    is_pressed: bool = False
    # Where writing goes on, once something was put into the text.
    at: str = ""


class FormulaWidget(DrawnWidget):
    """The editor. The form gives it the line's other fields and the decimals of the result."""

    template = "console/leads/building/formula.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self.around: Surroundings | None = None
        self.decimals = DEFAULT_DECIMALS[FieldKind.COMPUTED]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedFormula | None:
        if name not in data:
            return None
        typed = TypedFormula(
            # As it is kept, however its browser ends lines; places within it are counted so, too.
            data.get(name, "").replace("\r\n", "\n"),
            {
                key.removeprefix(SAMPLE): data[key][:LONGEST_SAMPLE]
                for key in data
                if key.startswith(SAMPLE) and data[key].strip()
            },
        )
        if self.around is not None and hasattr(data, "getlist"):
            typed.is_pressed = is_pressed(data, name)
            if same_text(typed.text, data.get(f"{name}-was", "")):
                ifs = read_conditionals(data, typed.text, self._fields())
                typed.text, typed.ifs = spliced(typed.text, ifs, self._fields()) if ifs else (typed.text, [])
            self._act(typed, data, name)
        return typed

    def _act(self, typed: TypedFormula, data: Any, name: str) -> None:
        fields = self._fields()
        typed.condition = read_tree(data, IF, fields) or Group()
        if pressed := data.get(f"{IF}-do"):
            typed.condition = act(typed.condition, pressed)
        verb, _dash, what = data.get(f"{name}-do", "").partition("-")
        at = data.get(f"{name}-at", "")
        place = int(at) if at.isdecimal() and len(at) < 6 else len(typed.text)
        if verb == "put" and (what in fields or what in SIGNS):
            _put(typed, what, place)
            typed.ifs = []
        elif verb == "if":
            tree = rule_of(typed.condition, fields).tree
            if tree is None or problems_in(typed.condition):
                typed.problem = _("Add a condition first, and fill it in.")
            else:
                _put(typed, f"if({json.dumps(tree, ensure_ascii=False)}, 1, 0)", place)
                typed.condition, typed.ifs = Group(), []

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        typed = value if isinstance(value, TypedFormula) else TypedFormula(value or "")
        fields = self._fields()
        root = typed.condition or Group()
        tree = rule_of(root, fields).tree
        for part in each_part(root):
            if not typed.problem:
                part.problem = ""
        formula, problem = self._read(typed.text)
        definitions = self.around.definitions if self.around else NO_SURROUNDINGS
        return {
            "prefix": name,
            "text": typed.text,
            "at": typed.at,
            "ifs": self._drawn_ifs(typed),
            "numbers": [
                (item.key, item.label)
                for item in (self.around.others if self.around else NO_SURROUNDINGS).values()
                if FIELD_TYPES[item.type].rule_kind is Kind.NUMBER
            ],
            "signs": SIGNS,
            "problem": problem,
            "samples": self._samples(formula, typed.samples),
            "result": self._result(formula, typed.samples) if formula and typed.samples else None,
            "if_prefix": IF,
            "root": drawn(root, fields, definitions),
            "has_if": bool(root.parts) or bool(typed.problem),
            "fields": field_options(fields),
            "matches": MATCH_WORDS,
            "words": rule_words(tree, definitions) if tree is not None else "",
            "if_problem": typed.problem,
        }

    def _drawn_ifs(self, typed: TypedFormula) -> list[dict[str, Any]]:
        """What the template is told of the ifs: {name, otherwise, cases}, a case as {name, place, root, then, rule,
        problem}."""
        fields = self._fields()
        definitions = self.around.definitions if self.around else NO_SURROUNDINGS
        drawn_ifs = []
        for number, choice in enumerate(typed.ifs or conditionals_of(typed.text, fields)):
            name = f"{CASES}{number}"
            cases = []
            for place, case in enumerate(choice.cases):
                if typed.is_pressed:
                    case.problem = ""
                    for part in each_part(case.root):
                        part.problem = ""
                root = drawn(case.root, fields, definitions)
                told = {"root": root, "then": case.then, "rule": case.rule, "problem": case.problem}
                cases.append({"name": f"{name}x{place}", "place": place} | told)
            drawn_ifs.append({"name": name, "otherwise": choice.otherwise, "cases": cases})
        return drawn_ifs

    def _fields(self) -> Mapping[str, Any]:
        return self.around.rule_fields if self.around else {}

    def _read(self, text: str) -> tuple[Formula | None, str]:
        if not text.strip():
            return None, ""
        kinds = {key: entry.kind for key, entry in self._fields().items()}
        try:
            return parse_formula(text, kinds), ""
        except ApplicationError as error:
            return None, error.message

    def _samples(self, formula: Formula | None, given: Mapping[str, str]) -> list[dict[str, Any]]:
        """An input for each field that the formula reads, in the order of the form."""
        if formula is None:
            return []
        read = formula.fields()
        return [
            {
                "key": key,
                "label": entry.label,
                "value": given.get(key, ""),
                "type": INPUT_TYPES.get(entry.kind, "text"),
                "choices": [*entry.choices, *(BOOLEAN_CHOICES if entry.kind is Kind.BOOLEAN else ())],
            }
            for key, entry in self._fields().items()
            if key in read
        ]

    def _result(self, formula: Formula, given: Mapping[str, str]) -> dict[str, str]:
        """What the interpreter makes of the samples: `value`, or `reason` why there is none."""
        assert self.around is not None
        actor = self.around.actor
        values: dict[str, Any] = {}
        for key in formula.fields() & given.keys():
            item = self.around.definitions[key]
            stored = _stored(item, given[key], actor)
            if stored is None:
                reason = _("%(label)s: “%(value)s” cannot be read as such a value.")
                return {"reason": reason % {"label": item.label, "value": given[key]}}
            values[key] = stored
        outcome = formula.outcome(
            values, decimals=self.decimals, now=datetime.now(UTC), timezone=actor.organization.zone
        )
        if outcome.value is not None:
            return {"value": format_number(format(outcome.value, "f"), actor.organization.locale)}
        if outcome.missing:
            label = self.around.definitions[outcome.missing].label
            return {"reason": _("No result: %(label)s is missing.") % {"label": label}}
        if outcome.problem == "division_by_zero":
            return {"reason": _("No result: something is divided by zero.")}
        return {"reason": _("No result: the number is too large.")}


def _stored(item: FieldDefinition, text: str, actor: Any) -> Any:
    """A sample as a lead would hold it, None where it cannot."""
    read = (
        decimal_number(text, item.scale)
        if item.type is FieldKind.COMPUTED
        else FIELD_TYPES[item.type].coerce(item, text, capture_context(actor))
    )
    if not isinstance(read, Coerced) or read.value is None:
        return None
    return FIELD_TYPES[item.type].stored(read.value)


def _put(typed: TypedFormula, what: str, place: int) -> None:
    """Put something into the text at a place, spaces between it and words beside it; writing goes on behind it."""
    text = typed.text
    before, after = text[:place], text[place:]
    left = " " if before and not before.endswith((" ", "(", "\n")) else ""
    right = " " if after and not after.startswith((" ", ")", ",")) else ""
    typed.text = f"{before}{left}{what}{right}{after}"
    typed.at = str(len(before) + len(left) + len(what))


class FormulaField(forms.Field):
    """The text of a formula."""

    widget: FormulaWidget

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(required=False, widget=FormulaWidget(), **kwargs)
        self.longest = longest

    def clean(self, value: Any) -> str:
        if isinstance(value, TypedFormula) and has_problems(value.ifs):
            raise forms.ValidationError(_("Correct the marked row."), code="marked")
        text = (value.text if isinstance(value, TypedFormula) else value or "").strip()
        if len(text) > self.longest:
            raise forms.ValidationError(
                _("Shorten the formula to at most %(longest)s characters.") % {"longest": self.longest}
            )
        return text

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not same_text(initial or "", data.text if isinstance(data, TypedFormula) else data or "")
