"""The lead form, made from the line's definition. It carries what was typed; the service validates it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from leads.fields.access import editable_keys
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, FieldKind, Lead, LeadStatus
from leads.queries.origins import active_campaigns, active_sources

PREFIX = "field-"
NUMERIC = {
    FieldKind.INTEGER: "numeric",
    FieldKind.DECIMAL: "decimal",
    FieldKind.MONEY: "decimal",
    FieldKind.PERCENT: "decimal",
}
INPUT_TYPES = {
    FieldKind.DATE: "date",
    FieldKind.DATETIME: "datetime-local",
    FieldKind.TIME: "time",
    FieldKind.EMAIL: "email",
    FieldKind.PHONE: "tel",
    FieldKind.URL: "url",
}
AUTOCOMPLETE = {"name": "off", "phone": "off", "email": "off"}
CURRENCY_SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}


class RawField(forms.Field):
    """Takes whatever was typed: the lead's own validation judges it, the same for every door."""

    def clean(self, value: Any) -> Any:
        return value


class LeadForm(forms.Form):
    """The fields of a line that the actor may fill, and where the lead comes from."""

    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        actor: Actor,
        line: BusinessLine,
        definition: LineDefinition,
        lead: Lead | None = None,
    ) -> None:
        super().__init__(data)
        self.actor = actor
        self.line = line
        self.lead = lead
        allowed = editable_keys(actor, definition)
        self.items = [
            item for item in definition.active if item.key in allowed and item.type is not FieldKind.COMPUTED
        ]
        for item in self.items:
            self.fields[PREFIX + item.key] = self._field(item)
        for name, label, choices in (
            ("source", _("Source"), active_sources(actor)),
            ("campaign", _("Campaign"), active_campaigns(actor)),
        ):
            current = str(getattr(lead, name) or "") if lead else ""
            offered = sorted({*choices, current} - {""}, key=str.casefold)
            self.fields[name] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[("", "—"), *((each, each) for each in offered)],
                initial=current,
            )
            self.fields[name].width = "half"  # type: ignore[attr-defined]

    def _field(self, item: FieldDefinition) -> forms.Field:
        stored = self.lead.data.get(item.key) if self.lead else None
        field = RawField(
            label=item.label,
            required=item.required,
            help_text=item.help,
            initial=self._initial(item, stored),
            widget=widget_of(item, stored),
        )
        field.width = (
            "" if item.type in (FieldKind.LONG_TEXT, FieldKind.JSON, FieldKind.MULTI_SELECT) else "half"
        )  # type: ignore[attr-defined]
        field.visible_if, field.required_if = item.visible_if, item.required_if  # type: ignore[attr-defined]
        field.rule_key, field.field_type = item.key, str(item.type)  # type: ignore[attr-defined]
        if item.type is FieldKind.MONEY:
            field.prefix = CURRENCY_SIGNS.get(self.line.currency, self.line.currency)  # type: ignore[attr-defined]
        if item.type is FieldKind.PERCENT:
            field.suffix = "%"  # type: ignore[attr-defined]
        return field

    def _initial(self, item: FieldDefinition, stored: Any) -> Any:
        if stored is None:
            return item.default if self.lead is None else None
        if item.type is FieldKind.BOOLEAN:
            return "true" if stored else "false"
        if item.type is FieldKind.DATETIME:
            local = dt.datetime.fromisoformat(stored).astimezone(self.actor.organization.zone)
            return local.strftime("%Y-%m-%dT%H:%M")
        return stored

    def sections(self) -> list[dict[str, Any]]:
        """The form's fields by section, the origin last."""
        grouped: dict[str, list[Any]] = {}
        for item in self.items:
            grouped.setdefault(item.section, []).append(self[PREFIX + item.key])
        origin = [self["source"], self["campaign"]]
        return [
            *(
                {"title": title or _("Details"), "help": "", "fields": fields}
                for title, fields in grouped.items()
            ),
            {"title": _("Origin"), "help": "", "fields": origin},
        ]

    def values(self) -> dict[str, Any]:
        """What was typed, by field key; a datetime without an offset is in the organisation's timezone."""
        return {item.key: self.cleaned_data[PREFIX + item.key] for item in self.items}

    def attributes(self) -> dict[str, Any]:
        """Source and campaign by name, where they differ from what is stored."""
        stored = {
            name: str(getattr(self.lead, name) or "") if self.lead else "" for name in ("source", "campaign")
        }
        return {name: self.cleaned_data[name] for name in stored if self.cleaned_data[name] != stored[name]}

    def field_name(self, key: str) -> str | None:
        """The form field that shows a problem with a field or attribute of the lead; None where none does."""
        return next((name for name in (PREFIX + key, key) if name in self.fields), None)


def widget_of(item: FieldDefinition, stored: Any) -> forms.Widget:
    """Return the control in which a field is filled."""
    attributes: dict[str, str] = {}
    if item.placeholder:
        attributes["placeholder"] = item.placeholder
    match item.type:
        case FieldKind.LONG_TEXT | FieldKind.JSON:
            return forms.Textarea(attrs={**attributes, "rows": "4"})
        case FieldKind.BOOLEAN:
            return forms.Select(choices=[("", "—"), ("true", _("Yes")), ("false", _("No"))])
        case FieldKind.SELECT:
            return forms.Select(choices=[("", "—"), *offered_choices(item, [stored] if stored else [])])
        case FieldKind.MULTI_SELECT:
            return forms.CheckboxSelectMultiple(choices=offered_choices(item, stored or []))
    if item.type in NUMERIC:
        attributes["inputmode"] = NUMERIC[item.type]
    if item.max_length and item.type is FieldKind.TEXT:
        attributes["maxlength"] = str(item.max_length)
    attributes["autocomplete"] = "off"
    widget = forms.TextInput(attrs=attributes)
    widget.input_type = INPUT_TYPES.get(item.type, "text")
    return widget


def offered_choices(item: FieldDefinition, stored: list[str]) -> list[tuple[str, str]]:
    """Return the choices on offer, and those that the lead holds though they are offered no more."""
    return [
        (choice.value, choice.label) for choice in item.choices if choice.active or choice.value in stored
    ]


class WorkForm(forms.Form):
    """Status, stage and owner: what moves while a lead is worked."""

    status = forms.ChoiceField(label=_("Status"), choices=LeadStatus.choices)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    owner = forms.ModelChoiceField(label=_("Owner"), required=False, queryset=None, empty_label=_("Nobody"))

    def __init__(self, *args: Any, lead: Lead, owners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = [
            *lead.line.stages,
            *([lead.stage] if lead.stage and lead.stage not in lead.line.stages else []),
        ]
        self.fields["stage"].choices = [(stage, stage.replace("_", " ").capitalize()) for stage in stages]  # type: ignore[attr-defined]
        if owners is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
