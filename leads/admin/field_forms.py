"""The form of a field: every setting, each with what it does and an example."""

import json
import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.roles import ROLE_LABELS
from core.admin.forms import LinesField
from core.errors import ApplicationError
from core.kept_files import KINDS
from leads.admin.building.building_form import BuildingForm
from leads.admin.building.choice_field import ChoicesField
from leads.admin.building.formula_field import FormulaField, is_pressed
from leads.admin.building.rule_field import BuiltRuleField
from leads.admin.building.surroundings import Surroundings
from leads.admin.type_examples import TYPE_EXAMPLES_AS_JSON
from leads.fields.checks.settings import SUITS
from leads.fields.definition import SETTINGS
from leads.fields.line import CORE_ATTRIBUTES
from leads.models import BusinessLine, Field
from leads.services.lines import add_field, definition_of, update_field

LONGEST_KEY = 60
LONGEST_NUMBER = 18
# What the draft was when the page was opened (`draft_token`).
SEEN = "seen"
RULES = ("visible_if", "required_if")
CORE_LABELS = {
    "name": _("Name"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "amount": _("Amount"),
    "city": _("City"),
    "region": _("Region"),
}
SUITS_AS_JSON = json.dumps({name: sorted(kinds) for name, kinds in SUITS.items()})

HELP = {
    "line": _("The business line whose form, files and lists get the field."),
    "label": _("What people read, and the name of its column in files, such as Monthly income."),
    "key": _(
        "Its name in the API, rules and files, such as monthly_income; made from the label if left empty. Fixed once"
        " published."
    ),
    "type": _("What it holds. Never changes once published: add another field instead."),
    "section": _("The heading under which the form shows it, such as Income."),
    "order": _("Its place in the form; lower comes first. Left empty: the end."),
    "width": _(
        "How much of a row it takes on a wide screen; on a phone always all of it. Empty: what suits its type."
    ),
    "help": _("A sentence below the input, such as: Take-home pay, without bonus."),
    "placeholder": _("A grey example inside the empty input, such as 45000."),
    "status": _(
        "A draft is left out when the line is published. A retired field leaves the forms, its values stay readable."
    ),
    "required": _("No lead without it."),
    "unique": _(
        "No two leads of the line have the same, as with a PAN. What tells a repeat is set at the line instead."
    ),
    "default": _("What a new lead gets when it is left empty, such as 0."),
    "min": _("The least that is accepted: 10000, or 2024-01-31 for a date."),
    "max": _("The most that is accepted: 5000000, or 2030-12-31 for a date."),
    "min_length": _("The fewest characters, such as 3."),
    "max_length": _("The most characters, such as 120."),
    "regex": _(
        "The form the whole text must have, as a regular expression: ^[A-Z]{5}[0-9]{4}[A-Z]$ for a PAN."
    ),
    "choices": _(
        "The value is stored, the label shown: PUN, Pune. What is no longer offered stays readable in leads."
    ),
    "choices_from": _(
        "Another choice on which these depend, such as the state for cities. Then each says what it goes with."
    ),
    "max_size_mb": _("The largest file that is taken, in MB; 10 if left empty, 25 at most."),
    "accept": _(
        "Which kinds of files are taken. None chosen: all of these; of a picture, JPEG, PNG, WebP and GIF."
    ),
    "date_order": _("How dates are written in files and forms."),
    "min_age": _("The youngest, in full years today, such as 21."),
    "max_age": _("The oldest, in full years today, such as 65."),
    "default_region": _("The country of numbers without a country code, by its two letters, such as IN."),
    "transform": _("What is done to a text before it is checked and stored."),
    "formula": _(
        "How it is computed, such as loan_amount / (monthly_income * 12). Also min, max, round, abs and if."
        " A missing input, or a division by zero, gives no value."
    ),
    "decimals": _("Places after the point, such as 2. Fixed once published."),
    "empty_values": _("Texts that mean nothing was filled in, one per line, such as Select or N/A."),
    "visible_if": _(
        "The field is shown only where this holds, such as: Employment is Salaried. A hidden field keeps no value."
    ),
    "required_if": _("No lead without it where this holds, such as: Loan amount is more than 500000."),
    "indexed": _(
        "Filters and sorting stay fast with a million leads. Filled in the background for leads that are there."
    ),
    "pii": _("Masked for those who may not edit the lead, unless roles are named below."),
    "visible_to": _("Only these roles see it. None chosen: everybody."),
    "editable_by": _("Only these roles fill it. None chosen: everybody who may edit the lead."),
    "maps_to": _("Fills what every lead has, so that lists, search and duplicates know it."),
    "aliases": _("Other names of its column in files, one per line, such as Mobile No."),
}


def key_from(label: str) -> str:
    """Return a key made of a label: Monthly Income (₹) → monthly_income."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    key = "_".join(words)[:LONGEST_KEY].strip("_")
    return key if key[:1].isalpha() else f"field_{key}".strip("_")


def _roles() -> list[tuple[str, Any]]:
    return [(role.value, label) for role, label in ROLE_LABELS.items()]


class FieldForm(BuildingForm):
    """One field of a line's draft."""

    built = (*RULES, "choices", "formula")

    # Somebody else changed the field meanwhile, and the page says so.
    is_told = False

    line = forms.ModelChoiceField(
        label=_("Business line"), queryset=BusinessLine._base_manager.none(), widget=UnfoldAdminSelectWidget
    )
    key = forms.CharField(
        label=_("Key"), required=False, max_length=LONGEST_KEY, widget=UnfoldAdminTextInputWidget
    )
    order = forms.IntegerField(
        label=_("Order"), required=False, min_value=0, widget=UnfoldAdminTextInputWidget
    )
    choices = ChoicesField(label=_("Choices"))
    choices_from = forms.CharField(
        label=_("Choices depend on"), required=False, widget=UnfoldAdminSelectWidget
    )
    accept = forms.MultipleChoiceField(
        label=_("Kinds of files"),
        required=False,
        choices=[(kind.name, kind.label) for kind in KINDS.values()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    formula = FormulaField(label=_("Formula"), longest=Field._meta.get_field("formula").max_length or 0)
    visible_if = BuiltRuleField(label=_("Visible if"), nothing=_("Always shown."))
    required_if = BuiltRuleField(label=_("Required if"), nothing=_("No condition makes it required."))
    empty_values = LinesField(label=_("Texts that mean empty"))
    aliases = LinesField(label=_("Other column names"))
    visible_to = forms.MultipleChoiceField(
        label=_("Visible to"),
        required=False,
        choices=_roles,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    editable_by = forms.MultipleChoiceField(
        label=_("Editable by"),
        required=False,
        choices=_roles,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    maps_to = forms.ChoiceField(
        label=_("Fills the core attribute"),
        required=False,
        choices=[("", _("None")), *((name, CORE_LABELS[name]) for name in CORE_ATTRIBUTES)],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Field
        fields = ("line", *SETTINGS)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name, field in self.fields.items():
            field.help_text = HELP.get(name, "")
        if "label" in self.fields:
            # What a type has no use for is hidden by the console's script; without it, it is refused with words.
            self.fields["label"].widget.attrs |= {
                "data-suits": SUITS_AS_JSON,
                "data-type": self.instance.type,
                "data-type-examples": TYPE_EXAMPLES_AS_JSON,
            }
        if "line" in self.fields:
            self.fields["line"].queryset = BusinessLine.objects.order_by("name")
        self.around = Surroundings(self.actor, self._line(), self.instance.key)
        for name in RULES:
            if name in self.fields:
                self.fields[name].surround(self.around.rule_fields, self.around.definitions)
        if "choices" in self.fields:
            self._surround_choices()
        if "formula" in self.fields:
            self._surround_formula()

    def _line(self) -> BusinessLine | None:
        """The line of the field; for a new one that which is chosen, if one is."""
        if self.instance.line_id:
            return self.instance.line
        given = self.data.get("line") if self.is_bound else self.initial.get("line")
        number = str(given or "")
        known = number.isdecimal() and len(number) < LONGEST_NUMBER
        return BusinessLine.objects.filter(pk=int(number)).first() if known else None

    def _surround_choices(self) -> None:
        key = str(self["choices_from"].value() or "")
        offered = [("", _("Nothing: all are offered"))]
        offered += [(item.key, item.label) for item in self.around.parents.values()]
        if key and key not in self.around.parents:
            offered.append((key, key))
        self.fields["choices_from"].widget.choices = offered
        widget = self.fields["choices"].widget
        widget.parent, widget.parent_key = self.around.parents.get(key), key
        widget.attrs |= {"label": str(self.fields["choices"].label)}

    def _surround_formula(self) -> None:
        widget = self.fields["formula"].widget
        widget.around = self.around
        given = str(self["decimals"].value() if "decimals" in self.fields else self.instance.decimals)
        if given.isdecimal() and len(given) < 3:
            widget.decimals = int(given)

    def is_being_built(self) -> bool:
        return super().is_being_built() or is_pressed(self.data, "formula")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "key" in self.fields and not values.get("key") and values.get("label"):
            values["key"] = key_from(values["label"])
        return values

    def add_refusal(self, error: ApplicationError) -> None:
        """Say once that somebody else changed the field; otherwise what is wrong stands beside its row."""
        if error.code == "draft_changed":
            # The next attempt is of somebody who was told.
            self.is_told = True
            self.add_error(None, f"{error.message} {_('Save again to put yours in its place.')}")
            return
        super().add_refusal(error)

    def definition(self) -> dict[str, Any]:
        """Return the field as the valid form has it, in the configuration file's form."""
        stored = {} if self.is_new else definition_of(self.instance)
        values = {name: self.cleaned_data[name] for name in SETTINGS if name in self.cleaned_data}
        return _said(stored | values)

    def perform(self, values: dict[str, Any]) -> Field:
        settings = {name: values[name] for name in SETTINGS if name in values}
        if self.is_new:
            return add_field(actor=self.actor, line=values["line"], definition=_said(settings))
        return update_field(
            actor=self.actor, field=self.instance, changes=settings, seen=self.data.get(SEEN, "")
        )


def _said(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that were filled in; the others take their defaults."""
    return {name: value for name, value in settings.items() if value not in (None, "", [])}
