"""The fields of a draft as the form has them: by section, each section where its first field stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.fields.definition import FieldDefinition


@dataclass(slots=True)
class FormSection:
    """A section of the form; `is_on_form` is false for what stands behind the form: retired fields and drafts."""

    title: str
    is_on_form: bool
    fields: list[FieldDefinition] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Move:
    """A field or, by the number of its section, a section that goes one place up (-1) or down (1)."""

    step: int
    key: str = ""
    section: int | None = None


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


def moved_keys(definitions: Sequence[FieldDefinition], keys: Sequence[str], move: Move | None) -> list[str]:
    """Return keys in the order that results from putting `keys` first, and then one step of a field within its
    section, or of a section among the others. Keys of no field stay where they are: the service refuses them.
    """
    by_key = {item.key: item for item in definitions}
    named = dict.fromkeys(key for key in keys if key in by_key)
    ordered = [*(by_key[key] for key in named), *(item for item in definitions if item.key not in named)]
    sections = form_sections(ordered)
    if move is not None and move.section is not None:
        movable = [section for section in sections if section.is_on_form]
        _step(movable, move.section, move.step)
        sections = [*movable, *(section for section in sections if not section.is_on_form)]
    elif move is not None:
        for section in sections:
            places = [item.key for item in section.fields]
            if move.key in places:
                _step(section.fields, places.index(move.key), move.step)
    unknown = [key for key in keys if key not in by_key]
    return [*unknown, *(item.key for section in sections for item in section.fields)]


def _step(row: list[Any], here: int, step: int) -> None:
    """Exchange an element with its neighbour, if it has one there."""
    there = here + step
    if 0 <= here < len(row) and 0 <= there < len(row):
        row[here], row[there] = row[there], row[here]
