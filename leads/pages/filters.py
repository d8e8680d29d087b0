"""The filter form of the leads list, made from what may be filtered. It is a GET form: the address says it all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.rules import Kind
from core.templatetags.components import fields
from leads.models import BusinessLine, FieldKind, LeadStatus
from leads.pages.widgets import PickerInput
from leads.presentation import stage_text
from leads.queries.lead_list import Catalog, Filterable
from leads.queries.origins import Origins

CHOICES = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
FULL_WIDTH = ("text", "member")
RANGES = {Kind.NUMBER: "decimal", Kind.DATE: "date", Kind.DATETIME: "date", Kind.TIME: "time"}


def words_of(operator: str, value: str) -> str:
    """Return a condition as a chip reads it: “≥ 5”, “begins with Ra”."""
    templates = {
        "gte": "≥ {}",
        "lte": "≤ {}",
        "gt": "> {}",
        "lt": "< {}",
        "ne": "≠ {}",
        "not_in": "≠ {}",
        "starts_with": _("begins with {}"),
        "contains": _("contains {}"),
        "is_empty": _("empty: {}"),
        "is_not_empty": _("filled: {}"),
    }
    return templates.get(operator, "{}").format(value)


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the form; names are the address's.

    `kind`: select (of `choices`), member (picked from the people), decimal, or the type of an HTML input.
    """

    name: str
    label: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()


def inputs_of(catalog: Catalog, origins: Origins) -> tuple[Input, ...]:
    """The inputs for what may be filtered: fields with fast filters come first; ranges have two inputs."""
    found: list[Input] = []
    for name, label in (("status", _("Status")), ("stage", _("Stage")), ("owner", _("Owner"))):
        choices = [(value, text) for (each, value), text in fixed_choices(catalog.line) if each == name]
        found += _select(name, label, choices)
    sources, campaigns = origins
    found += _select("source", _("Source"), [(name, name) for name in sources])
    found += _select("campaign", _("Campaign"), [(name, name) for name in campaigns])
    found += _range("created", _("Created"), "date")
    if catalog.line and catalog.line.score_token and "score" in catalog.entries:
        found += _range("score", _("Score"), "decimal")
    if catalog.line and catalog.line.stall_token:
        found += _select("stalled", _("Stalled"), [("true", _("Yes")), ("false", _("No"))])
    configured = [entry for entry in catalog.entries.values() if entry.name.startswith("data.")]
    for entry in sorted(configured, key=lambda entry: not entry.is_fast):
        if entry.item is not None and entry.item.is_active:
            found += _inputs(entry)
    return tuple(found)


def fixed_choices(line: BusinessLine | None) -> list[tuple[tuple[str, str], str]]:
    """((name, value), words) of the filters whose values the product itself knows."""
    stages = line.stages if line else []
    return [
        *((("status", value), str(label)) for value, label in LeadStatus.choices),
        *((("stage", stage), stage_text(stage)) for stage in stages),
        (("owner", "me"), _("Me")),
        (("owner", "none"), _("Nobody")),
        (("stalled", "true"), _("Yes")),
        (("stalled", "false"), _("No")),
    ]


def _inputs(entry: Filterable) -> list[Input]:
    assert entry.item is not None
    if entry.item.type in CHOICES:
        return _select(
            entry.name, entry.label, [(choice.value, choice.label) for choice in entry.item.choices]
        )
    if entry.kind is Kind.BOOLEAN:
        return _select(entry.name, entry.label, [("true", _("Yes")), ("false", _("No"))])
    if entry.item.type is FieldKind.USER:
        return [Input(entry.name, entry.label, "member")]
    if entry.kind is Kind.REFERENCE:
        return [Input(entry.name, entry.label, "text")]
    if entry.kind is Kind.PRESENCE:
        label = _("%(label)s given") % {"label": entry.label}
        return _select(f"{entry.name}__is_not_empty", label, [("true", _("Yes")), ("false", _("No"))])
    if entry.kind in RANGES:
        return _range(entry.name, entry.label, RANGES[entry.kind])
    label = _("%(label)s begins with") % {"label": entry.label}
    return [Input(f"{entry.name}__starts_with", label, "text")]


def _select(name: str, label: str, choices: list[tuple[str, str]]) -> list[Input]:
    return [Input(name, label, "select", (("", _("Any")), *choices))] if choices else []


def _range(name: str, label: str, kind: str) -> list[Input]:
    return [
        Input(f"{name}__{operator}", words % {"label": label}, kind)
        for operator, words in (("gte", _("%(label)s from")), ("lte", _("%(label)s to")))
    ]


class FilterForm(forms.Form):
    """The form of these inputs."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, str], inputs: Iterable[Input]) -> None:
        super().__init__(data, auto_id="filter_%s")
        for each in inputs:
            self.fields[each.name] = field = self._field(each)
            if each.kind not in FULL_WIDTH:
                field.width = "half"

    @staticmethod
    def _field(each: Input) -> Any:
        if each.kind == "select":
            return forms.ChoiceField(label=each.label, required=False, choices=each.choices)
        if each.kind == "member":
            return forms.CharField(
                label=each.label, required=False, widget=PickerInput("leads:choose_members")
            )
        widget = forms.TextInput(attrs={"inputmode": "decimal"} if each.kind == "decimal" else {})
        widget.input_type = "text" if each.kind == "decimal" else each.kind
        return forms.CharField(label=each.label, required=False, widget=widget)


def written_filters(data: QueryDict, catalog: Catalog, origins: Origins) -> SafeString:
    """Return the fields of the form as markup: written once for all who are offered and ask for the same."""
    inputs = inputs_of(catalog, origins)
    given = tuple((each.name, data[each.name]) for each in inputs if each.name in data)
    return _written(inputs, given, get_language())


@lru_cache(maxsize=128)
def _written(inputs: tuple[Input, ...], given: tuple[tuple[str, str], ...], language: str) -> SafeString:
    return fields(FilterForm(dict(given), inputs))
