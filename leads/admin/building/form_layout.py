"""The layout of a form on its way through a page: sections, each with its fields, and one step in it.

The page sends rows in the order in which they stand (`row` is a field's key, or § where a section begins), so that
dragging them needs nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from leads.fields.definition import FieldDefinition
from leads.queries.form_order import form_sections
from leads.services.layout import LaidOut

SECTION = "§"
MOST_ROWS = 2_000


@dataclass(slots=True)
class Section:
    """A section of the page; `problem` is what is wrong with its title."""

    title: str
    keys: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass(slots=True)
class FormLayout:
    """Sections in order, and the width of each field that has one set."""

    sections: list[Section]
    widths: dict[str, str] = field(default_factory=dict)

    def laid_out(self) -> list[LaidOut]:
        """The layout as its service takes it."""
        return [
            LaidOut(section.title, section.keys, {key: self.widths.get(key, "") for key in section.keys})
            for section in self.sections
        ]

    def written(self) -> str:
        """The layout as a text, which `read_layout` reads."""
        return json.dumps([[section.title, section.keys] for section in self.sections] + [self.widths])


def layout_of(definitions: Sequence[FieldDefinition], empty: Iterable[str]) -> FormLayout:
    """Return the layout of a draft, its fields given in their order; sections without fields stand at the end."""
    shown = [section for section in form_sections(definitions) if section.is_on_form]
    sections = [Section(section.title, [item.key for item in section.fields]) for section in shown]
    taken = {section.title for section in sections}
    sections += [Section(title) for title in empty if title not in taken]
    return FormLayout(sections, {item.key: item.width for item in definitions if item.width})


def typed_layout(data: QueryDict, definitions: Mapping[str, FieldDefinition]) -> FormLayout:
    """Return the layout that a page sent; fields that came since stand in the section that they name."""
    layout = FormLayout([])
    titles = iter(data.getlist("title"))
    seen: set[str] = set()
    for row in data.getlist("row")[:MOST_ROWS]:
        if row == SECTION:
            layout.sections.append(Section(next(titles, "").strip()))
        elif row in definitions and definitions[row].is_active and row not in seen:
            if not layout.sections:
                layout.sections.append(Section(""))
            layout.sections[-1].keys.append(row)
            seen.add(row)
    layout.widths = {
        key: width
        for key in definitions
        if (width := data.get(f"width-{key}", definitions[key].width)) in ("full", "half", "third")
    }
    for key, item in definitions.items():
        if item.is_active and key not in seen:
            _put(layout, key, item.section)
    _sent_elsewhere(layout, data)
    return layout


def _put(layout: FormLayout, key: str, title: str) -> None:
    home = next((section for section in layout.sections if section.title == title), None)
    if home is None:
        home = Section(title)
        layout.sections.append(home)
    home.keys.append(key)


def _sent_elsewhere(layout: FormLayout, data: QueryDict) -> None:
    """Move the fields for which another section was chosen to its end."""
    for number, section in enumerate(list(layout.sections)):
        for key in list(section.keys):
            chosen = data.get(f"to-{key}", "")
            there = int(chosen) if chosen.isdecimal() and len(chosen) < 4 else number
            # `was` is where the page had it: what was dragged elsewhere since is not sent back.
            if chosen != data.get(f"was-{key}", chosen) and there != number and there < len(layout.sections):
                section.keys.remove(key)
                layout.sections[there].keys.append(key)


def read_layout(text: str, definitions: Mapping[str, FieldDefinition]) -> FormLayout | None:
    """Return the layout that `FormLayout.written` has written, None for anything else."""
    try:
        *sections, widths = json.loads(text)
        read = [Section(str(title), [key for key in keys if key in definitions]) for title, keys in sections]
        known = {key: width for key, width in widths.items() if key in definitions}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return FormLayout(read, known)


def act(layout: FormLayout, action: str) -> None:
    """Do what a button asks for: `up-income`, `down-income` (also into the next section), `section-up-1`,
    `section-down-1`, `section-remove-1` (an empty one), `section-add`."""
    verb, _dash, what = action.partition("-")
    if verb == "section":
        _act_on_section(layout.sections, *what.partition("-")[::2])
    elif verb in ("up", "down"):
        _step(layout.sections, what, -1 if verb == "up" else 1)


def _act_on_section(sections: list[Section], verb: str, place: str) -> None:
    if verb == "add":
        sections.append(Section(""))
        return
    here = int(place) if place.isdecimal() and len(place) < 4 else len(sections)
    if here >= len(sections):
        return
    there = here + {"up": -1, "down": 1}.get(verb, 0)
    if verb == "remove" and not sections[here].keys:
        del sections[here]
    elif 0 <= there < len(sections):
        sections[here], sections[there] = sections[there], sections[here]


def _step(sections: list[Section], key: str, step: int) -> None:
    """One place up or down; from the end of a section into the next one."""
    at = next((place for place, section in enumerate(sections) if key in section.keys), None)
    if at is None:
        return
    keys = sections[at].keys
    here, there = keys.index(key), keys.index(key) + step
    if 0 <= there < len(keys):
        keys[here], keys[there] = keys[there], keys[here]
    elif 0 <= at + step < len(sections):
        keys.remove(key)
        neighbour = sections[at + step].keys
        neighbour.insert(len(neighbour) if step < 0 else 0, key)
