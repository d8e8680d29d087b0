"""The choices of a field as a table: value, label, beside what each may stand, whether it is offered; or as text.

The names in the form are `choices-3-value`; rows stand in the order in which they are sent, so that dragging them
needs nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.admin.building.choice_lines import choice_lines, parent_text, read_choice_lines, read_parents
from leads.fields.definition import Choice, FieldDefinition
from leads.pages.widgets import DrawnWidget

# More are a text, which is easier to go through, and a page that is easier to draw.
MOST_ROWS = 150
# More choices of the other field are written, not ticked.
MOST_TICKED = 40
PLACE = re.compile(r"([0-9]{1,4})-value")
INDEX = re.compile(r"\[([0-9]{1,5})\]")


@dataclass(slots=True)
class ChoiceRow:
    """A choice as it is typed."""

    value: str = ""
    label: str = ""
    active: bool = True
    parents: tuple[str, ...] = ()
    problem: str = ""

    @property
    def says_something(self) -> bool:
        """Whether anything is typed: an empty row is no choice."""
        return bool(self.value or self.label)

    def choice(self) -> Choice:
        """Return the choice; one of value and label stands for both."""
        value = self.value or self.label
        return Choice(value, self.label or value, self.active, self.parents)


@dataclass(slots=True)
class TypedChoices:
    """What was sent for choices: rows, and their text, `was` as the page showed it. `action` is a pressed button."""

    rows: list[ChoiceRow] | None
    text: str
    was: str
    action: str = ""
    pasted: str = ""
    problem: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the text is what counts: it was changed, or came alone."""
        return self.rows is None or _same(self.text) != _same(self.was)

    def said(self) -> list[ChoiceRow]:
        """The rows that say something."""
        return [row for row in self.rows or () if row.says_something]


def _same(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


class ChoiceTable(DrawnWidget):
    """The table. The form says on which field the choices depend, and what its service has found wrong, by row."""

    template = "console/leads/building/choices.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(dict(attrs or {}))
        self.parent: FieldDefinition | None = None
        # The key in choices_from, also where it names no field that could be one.
        self.parent_key = ""
        self.problems: dict[int, str] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> "ChoiceTable":
        """A form's own: Django copies a widget without what hangs on it, and one page's problems are no other's."""
        copied: ChoiceTable = super().__deepcopy__(memo)
        copied.problems = {}
        return copied

    def value_from_datadict(self, data: Any, files: Any, name: str) -> TypedChoices | None:
        rows = self._rows(data, name) if f"{name}-rows" in data and hasattr(data, "getlist") else None
        if rows is None and name not in data:
            return None
        typed = TypedChoices(
            rows, data.get(name, ""), data.get(f"{name}-was", ""), data.get(f"{name}-do", ""),
            data.get(f"{name}-paste", ""),
        )  # fmt: skip
        if typed.action:
            _act(typed)
        return typed

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-rows" not in data

    def id_for_label(self, id_: str) -> str:
        """None: what is built of many controls is named by its group."""
        return ""

    def _rows(self, data: QueryDict, name: str) -> list[ChoiceRow]:
        prefix = f"{name}-"
        found = (PLACE.fullmatch(key[len(prefix) :]) for key in data if key.startswith(prefix))
        return [self._row(data, f"{prefix}{place[1]}") for place in found if place]

    def _row(self, data: QueryDict, name: str) -> ChoiceRow:
        parents = tuple(dict.fromkeys(data.getlist(f"{name}-parents")))
        written = data.get(f"{name}-beside")
        return ChoiceRow(
            data.get(f"{name}-value", "").strip(),
            data.get(f"{name}-label", "").strip(),
            f"{name}-active" in data,
            () if not self.parent_key else read_parents(written) if written is not None else parents,
        )

    def shown(self, name: str, value: Any) -> dict[str, Any]:
        typed = value if isinstance(value, TypedChoices) else None
        if typed is None:
            rows = [_row_of(Choice.read(item)) for item in value or ()]
        elif typed.is_text:
            choices_of_text = _read(typed.text)
            # What cannot be read stays as it is typed, and the rows stay as they were.
            rows = typed.rows or [] if choices_of_text is None else list(map(_row_of, choices_of_text))
        else:
            rows = typed.rows or []
        for number, row in enumerate(rows):
            row.problem = self.problems.get(number, "")
        is_text = typed is not None and typed.is_text
        choices = [row.choice() for row in rows if row.says_something]
        text = typed.text if typed is not None and is_text else choice_lines(choices)
        return {
            "prefix": name,
            "rows": [self._shown(number, row) for number, row in enumerate(rows)]
            if len(rows) <= MOST_ROWS
            else [],
            "has_table": len(rows) <= MOST_ROWS,
            "most": MOST_ROWS,
            "words": _words(choices),
            "parent": self.parent.label if self.parent else self.parent_key,
            "text": text,
            "was": typed.was if typed is not None and is_text else text,
            "is_text": is_text or len(rows) > MOST_ROWS,
            "pasted": typed.pasted if typed else "",
            "paste_problem": typed.problem if typed else "",
        }

    def _shown(self, number: int, row: ChoiceRow) -> dict[str, Any]:
        shown = {"number": number, "row": row, "name": row.label or row.value or str(number + 1)}
        if not self.parent_key:
            return shown
        labels = self.parent.label_by_value if self.parent else {}
        beside = ", ".join(labels.get(value, value) for value in row.parents)
        if not 0 < len(labels) <= MOST_TICKED:
            return shown | {"beside": beside, "written": parent_text(row.parents)}
        offered = [(each.value, each.label) for each in self.parent.choices] if self.parent else []
        offered += [
            (value, _("%(value)s: no choice there") % {"value": value})
            for value in row.parents
            if value not in labels
        ]
        return shown | {
            "beside": beside,
            "ticks": [(value, label, value in row.parents) for value, label in offered],
        }


def _act(typed: TypedChoices) -> None:
    """Do what a button asks for: `add`, `paste`, `remove-3`, `up-3`, `down-3`."""
    verb, _dash, place = typed.action.partition("-")
    rows = list(typed.rows or [])
    if typed.is_text:
        choices = _read(typed.text)
        if choices is None:
            return
        rows = list(map(_row_of, choices))
    number = int(place) if place.isdecimal() and len(place) < 5 else -1
    if verb == "add":
        rows.append(ChoiceRow())
    elif verb == "paste":
        try:
            rows = [row for row in rows if row.says_something] + [
                _row_of(choice) for choice in read_choice_lines(typed.pasted)
            ]
            typed.pasted = ""
        except ValidationError as error:
            typed.problem = error.messages[0]
    elif 0 <= number < len(rows):
        if verb == "remove":
            del rows[number]
        there = number + {"up": -1, "down": 1}.get(verb, 0)
        if verb in ("up", "down") and 0 <= there < len(rows):
            rows[number], rows[there] = rows[there], rows[number]
    typed.rows = rows
    typed.was = typed.text


def _row_of(choice: Choice) -> ChoiceRow:
    label = "" if choice.label == choice.value else choice.label
    return ChoiceRow(choice.value, label, choice.active, choice.parents)


def _read(text: str) -> list[Choice] | None:
    try:
        return read_choice_lines(text)
    except ValidationError:
        return None


def _words(choices: list[Choice]) -> str:
    if not choices:
        return _("No choice yet.")
    number = len(choices)
    text = ngettext("%(number)s choice", "%(number)s choices", number) % {"number": number}
    gone = sum(not choice.active for choice in choices)
    return (
        _("%(choices)s, %(gone)s of them no longer offered.") % {"choices": text, "gone": gone}
        if gone
        else f"{text}."
    )


class ChoicesField(forms.Field):
    """Choices as the configuration file has them."""

    widget: ChoiceTable

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=ChoiceTable(), **kwargs)

    def clean(self, value: Any) -> list[Any]:
        if not isinstance(value, TypedChoices):
            return list(value or [])
        if value.is_text:
            return [choice.written() for choice in read_choice_lines(value.text)]
        return [row.choice().written() for row in value.said()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(list(initial or []) != self.clean(data))
        except ValidationError:
            return True

    def place_problem(self, value: Any, path: str, message: str) -> bool:
        """Put a problem at a path such as `[3].label` beside its row; return whether there is one."""
        found = INDEX.match(path)
        if not found or not isinstance(value, TypedChoices) or value.is_text:
            return False
        said = [number for number, row in enumerate(value.rows or ()) if row.says_something]
        if int(found[1]) >= len(said):
            return False
        self.widget.problems.setdefault(said[int(found[1])], message)
        return True
