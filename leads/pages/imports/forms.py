"""Forms of the import wizard."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.intake.matching import Target
from core.models import SavedMapping
from core.models.saved_mapping import LONGEST_MAPPING_NAME
from leads.models import BusinessLine
from leads.models.line import ON_DUPLICATE

# What a file dialog offers; what a file is, its content says.
# Ways to remember how a file was matched.
UPDATE, NEW = "update", "new"
EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods")


class UploadForm(forms.Form):
    """A file and the line it goes into."""

    line = forms.ChoiceField(label=_("Business line"))
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV, TSV, XLSX, XLS or ODS, as it is: titles above the header and mixed formats are understood."
        ),
    )
    on_duplicate = forms.ChoiceField(
        label=_("When a lead is there already"),
        required=False,
        choices=[("", _("As the line says")), *ON_DUPLICATE],
    )

    def __init__(self, *args: object, lines: Iterable[BusinessLine], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["line"].choices = [(line.code, line.name) for line in lines]  # type: ignore[attr-defined]
        self.fields["file"].widget.attrs["accept"] = ",".join(EXTENSIONS)


class CorrectionForm(forms.Form):
    """The error workbook on its way back."""

    file = forms.FileField(label=_("Corrected workbook"))
    file.widget.attrs["accept"] = ".xlsx,.xls,.ods"


class MatchForm(forms.Form):
    """A select for each column of the file: the target it fills, or none; and what is remembered of it.

    `remember`: the ways in which it may be, (UPDATE, NEW or "" for none, what it is called).
    """

    def __init__(
        self,
        *args: object,
        header: list[str],
        targets: Iterable[Target],
        remember: Sequence[tuple[str, str]] = (),
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._width = len(header)
        choices: list[tuple[str, Any]] = [("", _("Do not read"))]
        choices += [(target.key, f"{target.label}{' *' if target.required else ''}") for target in targets]
        for position in range(len(header)):
            self.fields[f"column_{position}"] = forms.ChoiceField(choices=choices, required=False)
        if remember:
            self.fields["remember"] = forms.ChoiceField(
                label=_("These choices hold for"), choices=remember, required=False, widget=forms.RadioSelect
            )
        if any(way == NEW for way, _label in remember):
            self.fields["remember_as"] = forms.CharField(
                label=_("Name of the new mapping"),
                required=False,
                max_length=LONGEST_MAPPING_NAME,
                help_text=_("The next file with these columns is read by it, whatever their order."),
            )

    def columns(self) -> list[forms.BoundField]:
        """The selects by position."""
        return [self[f"column_{position}"] for position in range(self._width)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (
            cleaned.get("remember") == NEW
            and not cleaned.get("remember_as")
            and "remember_as" not in self.errors
        ):
            self.add_error("remember_as", _("Give the mapping a name."))
        return cleaned

    def mapping(self) -> list[str]:
        """The chosen targets by position."""
        return [self.cleaned_data[f"column_{position}"] for position in range(self._width)]

    def remember_as(self, mapping: SavedMapping | None) -> str:
        """The name under which the choices are remembered, "" for not at all; `mapping` is the one to change."""
        way = self.cleaned_data.get("remember", "")
        if way == UPDATE and mapping is not None:
            return mapping.name
        return str(self.cleaned_data.get("remember_as", "")) if way == NEW else ""


class RenameForm(forms.Form):
    """Another name for a saved mapping."""

    remember_as = forms.CharField(label=_("Name"), max_length=LONGEST_MAPPING_NAME)
