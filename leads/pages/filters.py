"""The filter form of the leads list, made from what may be filtered. It is a GET form: the address says it all."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leads.fields.definition import FieldDefinition
from leads.fields.types import type_of
from leads.models import BusinessLine, FieldKind, LeadStatus
from leads.queries.lead_list import Catalog
from leads.queries.origins import active_campaigns, active_sources

ANY = ("", _("Any"))
CHOICES = {FieldKind.SELECT, FieldKind.MULTI_SELECT}


class FilterForm(forms.Form):
    """Fields with fast filters come first; ranges have two inputs. Names are those of the address."""

    use_required_attribute = False

    def __init__(
        self, data: QueryDict, *, catalog: Catalog, fields: Iterable[FieldDefinition], line: BusinessLine
    ) -> None:
        super().__init__(data, auto_id="filter_%s")
        actor = catalog.actor
        self._select("status", _("Status"), LeadStatus.choices)
        self._select(
            "stage", _("Stage"), [(stage, stage.replace("_", " ").capitalize()) for stage in line.stages]
        )
        self._select("owner", _("Owner"), [("me", _("Me")), ("none", _("Nobody"))])
        self._select("source", _("Source"), [(name, name) for name in active_sources(actor)])
        self._select("campaign", _("Campaign"), [(name, name) for name in active_campaigns(actor)])
        self._range("created", _("Created"), "date")
        for item in sorted(fields, key=lambda item: not item.indexed):
            if f"data.{item.key}" in catalog.entries:
                self._add(item)

    def _add(self, item: FieldDefinition) -> None:
        name = f"data.{item.key}"
        if item.type in CHOICES:
            self._select(name, item.label, [(choice.value, choice.label) for choice in item.choices])
        elif item.type is FieldKind.BOOLEAN:
            self._select(name, item.label, [("true", _("Yes")), ("false", _("No"))])
        elif type_of(item).is_number:
            self._range(name, item.label, "text")
        elif item.type in (FieldKind.DATE, FieldKind.DATETIME):
            self._range(name, item.label, "date")
        elif item.type is FieldKind.TIME:
            self._range(name, item.label, "time")
        else:
            self.fields[f"{name}__starts_with"] = forms.CharField(
                label=_("%(label)s begins with") % {"label": item.label}, required=False
            )

    def _select(self, name: str, label: Any, choices: list[tuple[Any, Any]]) -> None:
        if choices:
            self.fields[name] = forms.ChoiceField(label=label, required=False, choices=[ANY, *choices])

    def _range(self, name: str, label: Any, kind: str) -> None:
        for operator, words in (("gte", _("%(label)s from")), ("lte", _("%(label)s to"))):
            widget = forms.TextInput(attrs={"inputmode": "decimal"} if kind == "text" else {})
            widget.input_type = kind
            field = forms.CharField(label=words % {"label": label}, required=False, widget=widget)
            field.width = "half"  # type: ignore[attr-defined]
            self.fields[f"{name}__{operator}"] = field
