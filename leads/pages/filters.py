"""The filter form of the leads list, made from what may be filtered. It is a GET form: the address says it all."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from core.rules import Kind
from leads.models import BusinessLine, FieldKind, LeadStatus
from leads.pages.widgets import PickerInput
from leads.presentation import stage_text
from leads.queries.lead_list import Catalog, Filterable
from leads.queries.origins import active_campaigns, active_sources

CHOICES = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
RANGES = {Kind.NUMBER: "text", Kind.DATE: "date", Kind.DATETIME: "date", Kind.TIME: "time"}


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


class FilterForm(forms.Form):
    """Fields with fast filters come first; ranges have two inputs. Names are those of the address."""

    use_required_attribute = False

    def __init__(self, data: QueryDict, *, catalog: Catalog) -> None:
        super().__init__(data, auto_id="filter_%s")
        line = catalog.line
        for name, label in (("status", _("Status")), ("stage", _("Stage")), ("owner", _("Owner"))):
            choices = [(value, text) for (each, value), text in self.fixed_choices(line) if each == name]
            self._select(name, label, choices)
        self._select("source", _("Source"), [(name, name) for name in active_sources(catalog.actor)])
        self._select("campaign", _("Campaign"), [(name, name) for name in active_campaigns(catalog.actor)])
        self._range("created", _("Created"), "date")
        fields = [entry for entry in catalog.entries.values() if entry.name.startswith("data.")]
        for entry in sorted(fields, key=lambda entry: not entry.is_fast):
            if entry.item is not None and entry.item.is_active:
                self._add(entry)

    @staticmethod
    def fixed_choices(line: BusinessLine | None) -> list[tuple[tuple[str, str], str]]:
        """((name, value), words) of the filters whose values the product itself knows."""
        stages = line.stages if line else []
        return [
            *((("status", value), str(label)) for value, label in LeadStatus.choices),
            *((("stage", stage), stage_text(stage)) for stage in stages),
            (("owner", "me"), _("Me")),
            (("owner", "none"), _("Nobody")),
        ]

    def _add(self, entry: Filterable) -> None:
        assert entry.item is not None
        if entry.item.type in CHOICES:
            self._select(
                entry.name, entry.label, [(choice.value, choice.label) for choice in entry.item.choices]
            )
        elif entry.kind is Kind.BOOLEAN:
            self._select(entry.name, entry.label, [("true", _("Yes")), ("false", _("No"))])
        elif entry.item.type is FieldKind.USER:
            widget = PickerInput("leads:choose_members")
            self.fields[entry.name] = forms.CharField(label=entry.label, required=False, widget=widget)
        elif entry.kind is Kind.REFERENCE:
            self.fields[entry.name] = forms.CharField(label=entry.label, required=False)
        elif entry.kind is Kind.PRESENCE:
            label = _("%(label)s given") % {"label": entry.label}
            self._select(f"{entry.name}__is_not_empty", label, [("true", _("Yes")), ("false", _("No"))])
        elif entry.kind in RANGES:
            self._range(entry.name, entry.label, RANGES[entry.kind])
        else:
            label = _("%(label)s begins with") % {"label": entry.label}
            self.fields[f"{entry.name}__starts_with"] = forms.CharField(label=label, required=False)

    def _select(self, name: str, label: str, choices: list[tuple[str, str]]) -> None:
        if choices:
            offered: list[tuple[Any, Any]] = [("", _("Any")), *choices]
            self.fields[name] = forms.ChoiceField(label=label, required=False, choices=offered)
            self.fields[name].width = "half"  # type: ignore[attr-defined]

    def _range(self, name: str, label: str, kind: str) -> None:
        for operator, words in (("gte", _("%(label)s from")), ("lte", _("%(label)s to"))):
            widget = forms.TextInput(attrs={"inputmode": "decimal"} if kind == "text" else {})
            widget.input_type = kind
            field = forms.CharField(label=words % {"label": label}, required=False, widget=widget)
            field.width = "half"  # type: ignore[attr-defined]
            self.fields[f"{name}__{operator}"] = field
