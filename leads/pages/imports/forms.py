"""Forms of the import wizard."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.intake.matching import Target
from leads.models import BusinessLine
from leads.models.line import ON_DUPLICATE

# What a file dialog offers; what a file is, its content says.
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
    """A select for each column of the file: the target it fills, or none."""

    def __init__(self, *args: object, header: list[str], targets: Iterable[Target], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices: list[tuple[str, Any]] = [("", _("Do not read"))]
        choices += [(target.key, f"{target.label}{' *' if target.required else ''}") for target in targets]
        for position in range(len(header)):
            self.fields[f"column_{position}"] = forms.ChoiceField(choices=choices, required=False)

    def mapping(self) -> list[str]:
        """The chosen targets by position."""
        return [self.cleaned_data[name] for name in self.fields]
