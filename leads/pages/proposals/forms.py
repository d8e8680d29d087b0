"""Forms of fields from a spreadsheet: the upload, and the proposal with a handful of controls for each column."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.fields.checks.settings import suits
from leads.models import BusinessLine, Field, FieldKind
from leads.pages.imports.forms import EXTENSIONS
from leads.proposals.facts import FileFacts
from leads.proposals.proposal import Adjustment, Proposal, ProposedField
from leads.proposals.readings import OFFERED

NEW_LINE = ""
LONGEST_CODE = 60
SELECTS = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
DATES = (FieldKind.DATE, FieldKind.DATETIME)
FLAGS = ("required", "unique", "indexed")


class ProposalUploadForm(forms.Form):
    """A file, and the line that its columns are fields of."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, TSV, XLSX, XLS or ODS. Every row is looked at, so take a real one: it says which values there are."
        ),
    )
    line = forms.ChoiceField(label=gettext_lazy("Fields for"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name of the new line"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "As people read it, such as Online courses. Not needed for a line that is there."
        ),
    )

    def __init__(self, *args: object, lines: Iterable[BusinessLine], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.codes = {line.code for line in lines}
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            (NEW_LINE, _("A new line")),
            *((line.code, line.name) for line in lines),
        ]
        self.fields["file"].widget.attrs["accept"] = ",".join(EXTENSIONS)

    def clean(self) -> dict[str, Any]:
        """Find the code of the line: the chosen one's, or one made of the new name."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("line") or "name" in self.errors:
            return given
        name = " ".join(given.get("name", "").split())
        code = slugify(name).replace("-", "_")[:LONGEST_CODE].strip("_")
        if not name:
            self.add_error("name", _("Say what the new line is called, or choose one that is there."))
        elif not code:
            self.add_error("name", _("Use some Latin letters: the line's code is made of its name."))
        elif code in self.codes:
            self.add_error("name", _("There is a line of this name. Choose it above, or use another name."))
        return {**given, "name": name, "code": code}

    @property
    def line_code(self) -> str:
        """The code of the line, of a valid form."""
        return str(self.cleaned_data["line"] or self.cleaned_data["code"])


class ReviewForm(forms.Form):
    """What a person decides about each column. Controls are named by the column's position: c12_label."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any] | None, *, proposal: Proposal) -> None:
        super().__init__(dict(data.items()) if data is not None else None, auto_id="id_%s")
        self.proposal = proposal
        for item in proposal.fields:
            if not item.exists:
                self._add(item)
        for dropped in proposal.dropped:
            if dropped.column is not None and dropped.reason in ("no_values", "left_out", "unreadable"):
                keep = forms.BooleanField(label=_("Keep %(name)s") % {"name": dropped.header}, required=False)
                self.fields[name_of(dropped.column.position, "keep")] = keep
        self.fields["duplicate_match"] = forms.ChoiceField(
            label=_("A repeat is told by"),
            required=False,
            choices=self._matches(),
            initial=",".join(proposal.duplicate_match),
            help_text=_("A row of the same is not another lead: it counts as a repeat enquiry."),
        )

    def _add(self, item: ProposedField) -> None:
        settings = item.settings()
        place = item.column.position
        controls: dict[str, forms.Field] = {
            "keep": forms.BooleanField(
                label=_("Keep %(name)s") % {"name": item.label}, required=False, initial=True
            ),
            "label": forms.CharField(label=_("Name"), max_length=200, initial=item.label),
            "kind": forms.ChoiceField(
                label=_("Type"),
                choices=[(kind.value, kind.label) for kind in OFFERED],
                initial=item.kind.value,
            ),
            "shown": forms.CharField(initial=item.kind.value, widget=forms.HiddenInput, required=False),
        }
        flags = {
            "required": _("Required"),
            "unique": _("Unique: no two leads have the same"),
            "indexed": _("Fast filters"),
        }
        for name in FLAGS:
            if suits(name, item.kind):
                controls[name] = forms.BooleanField(
                    label=flags[name], required=False, initial=settings.get(name)
                )
        if item.kind in SELECTS:
            controls["choices"] = _lines(
                _("Choices, one per line"),
                settings.get("choices", ()),
                _("Rows with another value are refused."),
            )
        if item.kind in DATES:
            orders = Field._meta.get_field("date_order").choices or ()
            controls["date_order"] = forms.ChoiceField(
                label=_("Written as"), choices=list(orders), initial=settings.get("date_order")
            )
        if empty := settings.get("empty_values"):
            controls["empty"] = _lines(
                _("Read as empty, one per line"),
                empty,
                _("Rows with what you take off are refused and corrected."),
            )
        for name, control in controls.items():
            self.fields[name_of(place, name)] = control
        if self.is_bound and name_of(place, "label") not in self.data:
            # A column that was left out and is kept now: nobody has seen its controls yet.
            for name, control in controls.items():
                value = control.prepare_value(control.initial)
                if value not in (None, False):
                    self.data[name_of(place, name)] = value  # type: ignore[index]

    def _matches(self) -> list[tuple[str, str]]:
        """What may tell a repeat: all that identifies, each by itself, phone, address, nothing."""
        labels = {item.key: item.label for item in self.proposal.fields}
        together = [item.key for item in self.proposal.identifiers]
        wanted = [together, self.proposal.duplicate_match, *([key] for key in together)]
        wanted += [[item.key] for item in self.proposal.fields if item.maps_to in ("phone", "email")]
        found = {
            ",".join(keys): _(" or ").join(labels.get(key, key) for key in keys) for keys in wanted if keys
        }
        return [*found.items(), ("", _("Nothing: every row is a new lead"))]

    def definitions(self) -> list[dict[str, Any]]:
        """The kept fields as decided, in the configuration file's form."""
        return [self._definition(item) for item in self.proposal.fields if not item.exists]

    def _definition(self, item: ProposedField) -> dict[str, Any]:
        given = {
            name: self.cleaned_data[name_of(item.column.position, name)]
            for name in ("label", "shown", *FLAGS, "choices", "date_order", "empty")
            if name_of(item.column.position, name) in self.cleaned_data
        }
        definition = item.definition()
        label = " ".join(given["label"].split())
        if label != item.label:
            # The file keeps its own name for the column.
            definition |= {"label": label, "aliases": [item.label]}
        if given["shown"] == item.kind.value:
            for name in FLAGS:
                if name in given:
                    definition[name] = given[name]
            for name, setting in (("choices", "choices"), ("empty", "empty_values")):
                if name in given:
                    definition[setting] = given[name]
            if "date_order" in given:
                definition["date_order"] = given["date_order"]
        return definition

    def duplicate_match(self) -> list[str]:
        """What tells a repeat, of the fields that are kept."""
        kept = {item.key for item in self.proposal.fields}
        return [key for key in self.cleaned_data["duplicate_match"].split(",") if key in kept]


class LinesField(forms.CharField):
    """Texts, one per line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Texts as lines; what was typed as it is."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        """Return the lines that say something, each once."""
        text = super().clean(value)
        return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _lines(label: str, texts: Iterable[str], help_text: str) -> LinesField:
    texts = list(texts)
    field = LinesField(label=label, required=False, initial=texts, help_text=help_text, strip=False)
    field.widget.attrs["rows"] = min(max(len(texts), 2), 8)
    return field


def name_of(position: int, control: str) -> str:
    """The name of a control of a column."""
    return f"c{position}_{control}"


def adjustments_of(data: Mapping[str, Any], facts: FileFacts) -> dict[int, Adjustment]:
    """What a posted form says of each column that changes the proposal itself: kept or not, and its type."""
    return dict(_adjustments(data, facts))


def _adjustments(data: Mapping[str, Any], facts: FileFacts) -> Iterator[tuple[int, Adjustment]]:
    offered = {kind.value: kind for kind in OFFERED}
    for column in facts.columns:
        kept = bool(data.get(name_of(column.position, "keep")))
        kind = offered.get(str(data.get(name_of(column.position, "kind"), "")))
        yield column.position, Adjustment(keep=kept, kind=kind)
