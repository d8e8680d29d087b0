"""Reading a definition that somebody wrote: is each setting known, and of the right shape?

A setting of the wrong shape is reported and left out, so that everything else can still be checked.
"""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.rules import normalise_text
from core.rules.values import is_storable_text
from leads.fields.checks.problems import DefinitionProblem
from leads.fields.definition import SETTINGS, FieldDefinition
from leads.models import Field, FieldKind, FieldStatus

LONGEST_CHOICE = 200
MOST_CHOICES = 5_000
MOST_PARENTS = 1_000
MOST_TEXTS = 200
LARGEST_WHOLE = 2**31 - 1
CHOICE_SETTINGS = ("value", "label", "active", "parents")

FLAGS = ("required", "unique", "indexed", "pii")
WHOLE_NUMBERS = ("order", "min_length", "max_length", "min_age", "max_age", "decimals", "max_size_mb")
TEXT_LISTS = ("visible_to", "editable_by", "empty_values", "aliases", "accept")
RULES = ("visible_if", "required_if")
OPTIONS = {
    "type": FieldKind.values,
    "status": FieldStatus.values,
    "width": [value for value, _label in Field._meta.get_field("width").choices or ()],
    "date_order": [value for value, _label in Field._meta.get_field("date_order").choices or ()],
    "transform": [value for value, _label in Field._meta.get_field("transform").choices or ()],
}
# White space at the ends means something here.
KEPT_AS_WRITTEN = ("regex",)


class ShapeError(ValueError):
    """A setting's value has the wrong shape; the message says which one is right."""

    def __init__(self, message: str, step: str = "") -> None:
        super().__init__(message)
        self.step = step


@dataclass(slots=True)
class ReadField:
    """A definition as far as it could be read. `definition` is None without a usable key and type."""

    index: int
    key: str
    definition: FieldDefinition | None = None
    broken: set[str] = field(default_factory=set)
    problems: list[DefinitionProblem] = field(default_factory=list)

    def add(self, setting: str, code: str, message: str) -> None:
        """Report a problem; what depends on the setting is not judged any more."""
        self.problems.append(DefinitionProblem(self.key, setting, code, message, self.index))
        self.broken.add(setting.split(".")[0].split("[")[0])


def column_name(text: str) -> str:
    """The form in which names of columns are compared: case, spaces and underscores make no difference."""
    return "".join(normalise_text(text).replace("_", " ").split())


def read_written(written: Any, index: int) -> ReadField:
    """Read one definition in the configuration file's form."""
    if not isinstance(written, Mapping):
        read = ReadField(index, "")
        read.add(
            "", "not_an_object", 'Write an object such as {"key": "city", "label": "City", "type": "text"}.'
        )
        return read
    key = written.get("key")
    read = ReadField(index, key.strip() if isinstance(key, str) else "")
    for name in written:
        if name not in SETTINGS:
            read.add(str(name), "unknown_setting", _unknown(str(name)))
    settings: dict[str, Any] = {}
    for name in SETTINGS:
        value = written.get(name)
        if value is None:
            continue
        try:
            settings[name] = _reader(name)(value)
        except ShapeError as error:
            read.add(name + error.step, "wrong_value", str(error))
    for name in ("key", "label", "type"):
        if not settings.get(name) and name not in read.broken:
            read.add(name, "required", f"Write the {name} of the field.")
    if not read.broken & {"key", "type"}:
        read.definition = FieldDefinition.read({"label": "", **settings})
    return read


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    return f'There is no setting "{name}". ' + (f'Did you mean "{near[0]}"?' if near else "Remove it.")


def _reader(name: str) -> Callable[[Any], Any]:
    if name in OPTIONS:
        return lambda value: _option(name, value)
    if name in FLAGS:
        return _flag
    if name in WHOLE_NUMBERS:
        return _whole_number
    if name in TEXT_LISTS:
        return lambda value: _texts(name, value)
    if name in RULES:
        return _rule
    if name == "choices":
        return _choices
    return lambda value: _text(name, _as_text(value) if name in ("min", "max", "default") else value)


def _storable(text: str) -> str:
    if not is_storable_text(text):
        raise ShapeError("The text contains a character that cannot be stored. Remove it.")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ShapeError(f"Write {name} as text, in quotes.")
    text = _storable(value if name in KEPT_AS_WRITTEN else value.strip())
    limit = Field._meta.get_field(name).max_length
    if limit and len(text) > limit:
        raise ShapeError(f"Shorten it to at most {limit} characters.")
    return text


def _as_text(value: Any) -> Any:
    """Numbers, booleans and lists of texts are accepted where a value is written as text."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        if value.bit_length() > 200:
            raise ShapeError("The number is too long.")
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ShapeError("Write a finite number.")
        return format(Decimal(repr(value)), "f")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return value


def _option(name: str, value: Any) -> str:
    options = [str(option) for option in OPTIONS[name]]
    if value == "" and name in ("width", "date_order", "transform"):
        return ""
    if not isinstance(value, str) or value not in options:
        near = difflib.get_close_matches(str(value), options, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ShapeError(f"Write one of {', '.join(options)}.{hint}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ShapeError("Write true or false, without quotes.")
    return value


def _whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_WHOLE:
        raise ShapeError("Write a whole number, 0 or more, without quotes.")
    return value


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise ShapeError('Write a list of texts, such as ["one", "two"].')
    if len(value) > MOST_TEXTS:
        raise ShapeError(f"Shorten the list to at most {MOST_TEXTS} texts.")
    limit = Field._meta.get_field(name).base_field.max_length
    texts = []
    for position, item in enumerate(value):
        step = f"[{position}]"
        if not isinstance(item, str) or not item.strip():
            raise ShapeError("Write a text that is not blank.", step)
        text = _storable(item.strip())
        if len(text) > limit:
            raise ShapeError(f"Shorten it to at most {limit} characters.", step)
        texts.append(text)
    return list(dict.fromkeys(texts))


def _rule(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ShapeError('Write a rule, such as {"field": "city", "op": "eq", "value": "Pune"}.')
    return value


def _choices(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple):
        raise ShapeError('Write a list of choices, such as ["Salaried", "Self employed"].')
    if len(value) > MOST_CHOICES:
        raise ShapeError(f"Shorten the list to at most {MOST_CHOICES:,} choices.")
    return [_choice(item, f"[{position}]") for position, item in enumerate(value)]


def _choice(written: Any, step: str) -> dict[str, Any]:
    item = {"value": written} if isinstance(written, str) else written
    if not isinstance(item, Mapping):
        raise ShapeError('Write a text, or an object such as {"value": "PUN", "label": "Pune"}.', step)
    for name in item:
        if name not in CHOICE_SETTINGS:
            raise ShapeError(
                f'There is no "{name}" in a choice. It has a value, a label, active, and parents.', step
            )
    value, label, active = item.get("value"), item.get("label") or item.get("value"), item.get("active", True)
    if not isinstance(value, str) or not normalise_text(value) or not isinstance(label, str):
        raise ShapeError("Write value and label as text that is not blank.", step)
    if not isinstance(active, bool):
        raise ShapeError("Write true or false for active, without quotes.", step)
    if max(len(value), len(label)) > LONGEST_CHOICE:
        raise ShapeError(f"Shorten the choice to at most {LONGEST_CHOICE} characters.", step)
    choice = {"value": _storable(value.strip()), "label": _storable(label.strip()), "active": active}
    return {**choice, "parents": _parents(item.get("parents"), step)}


def _parents(given: Any, step: str) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list | tuple) or not all(
        isinstance(parent, str) and normalise_text(parent) for parent in given
    ):
        raise ShapeError(
            'Write parents as a list of choices of the field it depends on, such as ["Maharashtra"].', step
        )
    if len(given) > MOST_PARENTS:
        raise ShapeError(f"Shorten parents to at most {MOST_PARENTS} choices.", step)
    return list(dict.fromkeys(_storable(parent.strip()) for parent in given))
