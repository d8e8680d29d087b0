"""The fields of a draft as the form has them: by section, each section where its first field stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from leads.fields.definition import FieldDefinition


@dataclass(slots=True)
class FormSection:
    """A section of the form; `is_on_form` is false for what stands behind the form: retired fields and drafts."""

    title: str
    is_on_form: bool
    fields: list[FieldDefinition] = field(default_factory=list)


def form_sections(definitions: Iterable[FieldDefinition]) -> list[FormSection]:
    """Return fields, given in their order, by section; those not on the form come last."""
    sections: dict[str, FormSection] = {}
    behind = FormSection("", False)
    for item in definitions:
        if item.is_active:
            sections.setdefault(item.section, FormSection(item.section, True)).fields.append(item)
        else:
            behind.fields.append(item)
    return [*sections.values(), *([behind] if behind.fields else [])]
