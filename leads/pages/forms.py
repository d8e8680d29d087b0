"""The lead form, made from the line's definition. It carries what was typed; the service validates it."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.masking import mask
from accounts.models import Membership
from accounts.queries.members import choice_label
from core.errors import ApplicationError
from core.kept_files.links import Held, read_held
from core.models import StoredFile
from core.values import written_place
from leads.fields.access import editable_keys
from leads.fields.definition import FieldDefinition
from leads.fields.kept_files import limits_of_field
from leads.fields.line import LineDefinition
from leads.models import BusinessLine, FieldKind, Lead, LeadStatus
from leads.pages.choices import ParentChoice, choice_widget, fitting_values
from leads.pages.widgets import HandedIn, KeptFileInput, PickerInput, PlaceInput
from leads.presentation import stage_text
from leads.queries.named import References
from leads.queries.origins import active_origins
from leads.services.kept_files import keep_file

PREFIX = "field-"
SEEN = "seen"
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
WIDE = (FieldKind.LONG_TEXT, FieldKind.JSON, FieldKind.MULTI_SELECT, FieldKind.LOCATION)
FILES = (FieldKind.FILE, FieldKind.IMAGE)
CURRENCY_SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}


class RawField(forms.Field):
    """Takes whatever was typed: the lead's own validation judges it, the same for every door."""

    def clean(self, value: Any) -> Any:
        return value


class KeptFileField(RawField):
    """Takes a file, and carries what is kept of it: a text that means it, {} for none, None where it is not shown."""

    form: "LeadForm"
    key: str

    def clean(self, value: HandedIn | None) -> Any:
        if value is None:
            return None
        if value.upload is not None:
            return self.form.keep(self.key, value.upload)
        held = read_held(value.kept)
        if held is None or value.is_removed:
            return {}
        stored = self.initial
        # What the lead holds already goes back as it came.
        is_same = isinstance(stored, Mapping) and stored.get("id") == held.file_id
        return stored if is_same else value.kept


class LeadForm(forms.Form):
    """The fields of a line that the actor may fill, and where the lead comes from.

    The form of a lead that exists carries what it showed when it was opened: only what differs from that is
    written, so that two people who edit different fields do not undo each other, and nothing that merely
    passed through the page is rounded. Who changes what somebody else has changed meanwhile is told first.
    """

    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        *,
        actor: Actor,
        line: BusinessLine,
        definition: LineDefinition,
        lead: Lead | None = None,
    ) -> None:
        super().__init__(data, files)
        self.actor = actor
        self.line = line
        self.definition = definition
        self.lead = lead
        self._touched: set[str] = set()
        self._references = References(actor)
        self.items = self.chosen_items()
        for item in self.items:
            self.fields[PREFIX + item.key] = self._field(item)
        self.add_origin()
        if lead is not None:
            self.fields[SEEN] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=json.dumps(self._stored_now())
            )

    def chosen_items(self) -> list[FieldDefinition]:
        """The fields that the form shows, in order."""
        allowed = editable_keys(self.actor, self.definition)
        return [
            item
            for item in self.definition.active
            if item.key in allowed and item.type is not FieldKind.COMPUTED
        ]

    def add_origin(self) -> None:
        """Ask where the lead comes from."""
        sources, campaigns = active_origins(self.actor)
        for name, label, choices in (
            ("source", _("Source"), sources),
            ("campaign", _("Campaign"), campaigns),
        ):
            current = str(getattr(self.lead, name) or "") if self.lead else ""
            offered = sorted({*choices, current} - {""}, key=str.casefold)
            self.fields[name] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[("", "—"), *((each, each) for each in offered)],
                initial=current,
            )
            self.fields[name].width = "half"  # type: ignore[attr-defined]

    def _stored_now(self) -> dict[str, Any]:
        """What the form shows of the lead as it is stored, by form field."""
        return {name: as_sent(field.initial) for name, field in self.fields.items() if name != SEEN}

    def clean(self) -> dict[str, Any]:
        """Tell of each field that was changed here and, since the page was opened, by somebody else."""
        given = super().clean() or self.cleaned_data
        if self.lead is None:
            return given
        seen, now = self._seen(), self._stored_now()
        sent = {name: as_sent(given[name]) for name in now if given.get(name) is not None}
        self._touched = {name for name, value in sent.items() if value != seen[name]}
        crossed = [name for name in self._touched if now[name] not in (seen[name], sent[name])]
        for name in crossed:
            theirs = self._in_words(name, now[name])
            text = _("Somebody changed this to “%(value)s” meanwhile. Save again to put yours in its place.")
            empty = _("Somebody emptied this meanwhile. Save again to put yours in its place.")
            self.add_error(name, text % {"value": theirs} if theirs else empty)
        if crossed:
            # The next attempt knows what is stored now.
            self.data = self.data.copy()
            self.data[SEEN] = json.dumps({**seen, **{name: now[name] for name in crossed}})
        return given

    def _in_words(self, name: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(value)
        initial = self.fields[name].initial
        if not value or not isinstance(initial, Mapping):
            return value
        return str(initial["name"]) if "name" in initial else written_place(initial)

    def _seen(self) -> dict[str, Any]:
        """What the page showed when it was opened; what it does not say counts as it is stored now."""
        return {**self._stored_now(), **read_seen(self.cleaned_data.get(SEEN))}

    def _field(self, item: FieldDefinition) -> forms.Field:
        stored = self.lead.data.get(item.key) if self.lead else None
        kind = KeptFileField if item.type in FILES else RawField
        field = kind(
            label=item.label,
            required=item.required,
            help_text=item.help,
            initial=self._initial(item, stored),
            widget=widget_of(item, stored, parent := self._parent_of(item)),
        )
        if parent is not None and parent.in_form:
            field.choices_from = parent.item.key  # type: ignore[attr-defined]
            field.parents = fitting_values(item, stored, parent.item)  # type: ignore[attr-defined]
        field.width = width_of(item)  # type: ignore[attr-defined]
        if isinstance(field, KeptFileField):
            field.form, field.key = self, item.key
        field.visible_if, field.required_if = item.visible_if, item.required_if  # type: ignore[attr-defined]
        field.rule_key, field.field_type = item.key, str(item.type)  # type: ignore[attr-defined]
        if item.type is FieldKind.MONEY:
            field.prefix = CURRENCY_SIGNS.get(self.line.currency, self.line.currency)  # type: ignore[attr-defined]
        if item.type is FieldKind.PERCENT:
            field.suffix = "%"  # type: ignore[attr-defined]
        return field

    def keep(self, key: str, upload: UploadedFile) -> str:
        """Keep a file that is handed in, and carry it in the form: what is wrong elsewhere must not lose it.

        Raises forms.ValidationError where it is not taken.
        """
        try:
            file = self.store(key, upload)
        except ApplicationError as error:
            raise forms.ValidationError(error.message, code=error.code) from None
        signed = Held(file.pk, file.name, file.size).signed()
        self.data = self.data.copy()
        self.data[f"{PREFIX}{key}-kept"] = signed
        return signed

    def store(self, key: str, upload: UploadedFile) -> StoredFile:
        """Keep a file until the lead is written that holds it. Raises ApplicationError."""
        return keep_file(
            actor=self.actor, line=self.line, key=key, filename=upload.name or "", chunks=upload.chunks()
        )

    def _parent_of(self, item: FieldDefinition) -> ParentChoice | None:
        if not item.choices_from:
            return None
        stored = self.lead.data.get(item.choices_from) if self.lead else None
        in_form = any(each.key == item.choices_from for each in self.items)
        return ParentChoice(self.definition.by_key[item.choices_from], in_form, stored)

    def _initial(self, item: FieldDefinition, stored: Any) -> Any:
        if stored is None:
            return item.default if self.lead is None else None
        if item.type is FieldKind.BOOLEAN:
            return "true" if stored else "false"
        if item.type is FieldKind.USER:
            return self._references.label(stored)
        if item.type is FieldKind.LEAD:
            # A lead that is hidden from who edits this one stays where it is, unless something is typed over it.
            return stored if self._references.is_visible(stored) else mask(stored)
        if item.type is FieldKind.DATETIME:
            local = dt.datetime.fromisoformat(stored).astimezone(self.actor.organization.zone)
            return local.strftime("%Y-%m-%dT%H:%M")
        if item.type is FieldKind.JSON:
            return json.dumps(stored, ensure_ascii=False)
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
        """What was typed, by field key; of a lead that exists, what was changed.

        A datetime without an offset is in the organisation's timezone.
        """
        typed = {item.key: self.cleaned_data[PREFIX + item.key] for item in self.items}
        if self.lead is None:
            return typed
        touched = {key for key in typed if PREFIX + key in self._touched}
        # A choice is judged again beside what it depends on, though it was left alone itself.
        for item in self.definition.in_dependency_order:
            if item.choices_from in touched and item.key in typed:
                touched.add(item.key)
        return {key: value for key, value in typed.items() if key in touched}

    def attributes(self) -> dict[str, Any]:
        """Source and campaign by name, where they were chosen or changed."""
        chosen = {name: self.cleaned_data[name] for name in ("source", "campaign")}
        if self.lead is None:
            return {name: value for name, value in chosen.items() if value}
        return {name: value for name, value in chosen.items() if name in self._touched}

    def field_name(self, key: str) -> str | None:
        """The form field that shows a problem with a field or attribute of the lead; None where none does."""
        return next((name for name in (PREFIX + key, key) if name in self.fields), None)


def as_sent(value: Any) -> Any:
    """Return a value as a browser sends it back untouched: a text, or several choices as a list."""
    if isinstance(value, list | tuple):
        return sorted(str(each) for each in value)
    if isinstance(value, Mapping):
        return (
            json.dumps({part: str(text) for part, text in value.items() if text}, sort_keys=True)
            if any(value.values())
            else ""
        )
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def width_of(item: FieldDefinition) -> str:
    """Return the class of a field's width on a wide screen, "" for all of it: what is set, else what suits the type."""
    if item.width:
        return "" if item.width == "full" else item.width
    return "" if item.type in WIDE else "half"


def widget_of(item: FieldDefinition, stored: Any, parent: ParentChoice | None = None) -> forms.Widget:
    """Return the control in which a field is filled; `parent` is what its choices depend on, if they do."""
    attributes: dict[str, str] = {}
    if item.placeholder:
        attributes["placeholder"] = item.placeholder
    match item.type:
        case FieldKind.LONG_TEXT | FieldKind.JSON:
            return forms.Textarea(attrs={**attributes, "rows": "4"})
        case FieldKind.BOOLEAN:
            return forms.Select(choices=[("", "—"), ("true", _("Yes")), ("false", _("No"))])
        case FieldKind.SELECT | FieldKind.MULTI_SELECT:
            return choice_widget(item, stored, parent)
        case FieldKind.USER:
            return PickerInput(
                "leads:choose_members", {**attributes, **({"data-stored": stored} if stored else {})}
            )
        case FieldKind.LEAD:
            return PickerInput("leads:choose_leads", attributes)
        case FieldKind.LOCATION:
            return PlaceInput()
        case FieldKind.FILE | FieldKind.IMAGE:
            return KeptFileInput(limits_of_field(item))
    if item.type in NUMERIC:
        attributes["inputmode"] = NUMERIC[item.type]
    if item.max_length and item.type is FieldKind.TEXT:
        attributes["maxlength"] = str(item.max_length)
    attributes["autocomplete"] = "off"
    widget = forms.TextInput(attrs=attributes)
    widget.input_type = INPUT_TYPES.get(item.type, "text")
    return widget


class WorkForm(forms.Form):
    """Status, stage and owner: what moves while a lead is worked.

    It carries what it showed: only what was chosen anew is `touched`, so that a page that was open for long does not
    take back what somebody else has done, and who chooses otherwise than somebody else meanwhile is told first.
    """

    status = forms.ChoiceField(label=_("Status"), choices=LeadStatus.choices)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    owner = forms.ModelChoiceField(label=_("Owner"), required=False, queryset=None, empty_label=_("Nobody"))

    def __init__(
        self,
        *args: Any,
        lead: Lead,
        owners: QuerySet[Membership] | None,
        people: Iterable[Membership] | None = None,
        may_free: bool,
        **kwargs: Any,
    ) -> None:
        """`owners`: to whom the lead may be given, None where it may not; `people`: the same, where they were read."""
        super().__init__(*args, **kwargs)
        self.touched: set[str] = set()
        self._now = {"status": lead.status, "stage": lead.stage, "owner": as_sent(lead.owner_id)}
        self._owner_now = lead.owner
        self.fields[SEEN] = forms.CharField(
            required=False, widget=forms.HiddenInput, initial=json.dumps(self._now)
        )
        stages = [
            *lead.line.stages,
            *([lead.stage] if lead.stage and lead.stage not in lead.line.stages else []),
        ]
        self.fields["stage"].choices = [(stage, stage_text(stage)) for stage in stages]  # type: ignore[attr-defined]
        if owners is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
            self.fields["owner"].label_from_instance = choice_label  # type: ignore[attr-defined]
            if not may_free:
                # Only who reaches all leads may take one from everybody.
                self.fields["owner"].empty_label = None  # type: ignore[attr-defined]
            if people is not None:
                # Read once: a select looks at its choices several times before it is drawn.
                nobody = [("", _("Nobody"))] if may_free else []
                self.fields["owner"].choices = [*nobody, *((each.pk, choice_label(each)) for each in people)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Find what was chosen anew, and tell of what somebody else has chosen otherwise meanwhile."""
        given = super().clean() or self.cleaned_data
        seen = {**self._now, **read_seen(given.get(SEEN))}
        for name, now in self._now.items():
            if name not in given:
                continue
            sent = as_sent(given[name].pk if name == "owner" and given[name] else given[name])
            if sent == seen[name]:
                continue
            self.touched.add(name)
            if now not in (seen[name], sent):
                text = _(
                    "Somebody changed “%(field)s” to “%(value)s” meanwhile. Look at the lead, then choose again."
                )
                self.add_error(name, text % {"field": self.fields[name].label, "value": self._in_words(name)})
        return given

    def _in_words(self, name: str) -> str:
        if name == "owner":
            return str(self._owner_now or _("Nobody"))
        return str(LeadStatus(self._now[name]).label) if name == "status" else stage_text(self._now[name])


def read_seen(text: Any) -> dict[str, Any]:
    """Return what a form says that it showed; nothing where that cannot be read."""
    try:
        told = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
