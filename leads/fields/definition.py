"""A field's definition as data: read from a published version, the same for every door."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cached_property
from typing import Any

from core.rules import normalise_text
from core.values import CellError, Coerced, cell_text, text
from leads.models import Field, FieldKind, FieldStatus

# What a definition says in the configuration file, in this order; `id` comes with a published version.
SETTINGS = (
    "key", "label", "type", "section", "order", "width", "help", "placeholder", "required", "unique", "default",
    "min", "max", "min_length", "max_length", "regex", "choices", "choices_from", "max_size_mb",
    "accept", "date_order", "min_age", "max_age",
    "default_region", "transform", "visible_if", "required_if", "formula", "decimals", "indexed", "pii",
    "visible_to", "editable_by", "empty_values", "aliases", "maps_to", "status",
)  # fmt: skip

# Cells of a file that show a text which they do not hold.
WRITTEN_AS_TEXT = (CellError, bool, int, float, Decimal)

DEFAULT_DECIMALS = {
    FieldKind.INTEGER: 0,
    FieldKind.MONEY: 2,
    FieldKind.PERCENT: 4,
    FieldKind.DECIMAL: 6,
    FieldKind.COMPUTED: 2,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a select: what is stored, what people read, and whether it is still offered.

    `parents` are the values of the field it depends on (`choices_from`) with which it may be chosen; none: any.
    """

    value: str
    label: str
    active: bool = True
    parents: tuple[str, ...] = ()

    @classmethod
    def read(cls, written: Any) -> "Choice":
        """Read a choice from the configuration: a text is short for a choice whose label is its value."""
        if isinstance(written, str):
            return cls(written, written)
        return cls(
            str(written["value"]),
            str(written.get("label") or written["value"]),
            bool(written.get("active", True)),
            tuple(written.get("parents") or ()),
        )

    def written(self) -> Any:
        """The shortest form that reads back as this choice."""
        if self.active and self.label == self.value and not self.parents:
            return self.value
        written: dict[str, Any] = {"value": self.value, "label": self.label, "active": self.active}
        return {**written, "parents": list(self.parents)} if self.parents else written

    def fits(self, parent: Any) -> bool:
        """Whether it may be chosen beside this value of the field it depends on."""
        return not self.parents or parent in self.parents


@dataclass(frozen=True)
class FieldDefinition:
    """Every setting of a field. Names and meaning are those of the configuration file."""

    key: str
    label: str
    type: FieldKind
    id: int = 0
    section: str = ""
    order: int = 0
    width: str = ""
    help: str = ""
    placeholder: str = ""
    required: bool = False
    unique: bool = False
    default: str = ""
    min: str = ""
    max: str = ""
    min_length: int | None = None
    max_length: int | None = None
    regex: str = ""
    choices: tuple[Choice, ...] = ()
    choices_from: str = ""
    max_size_mb: int | None = None
    accept: tuple[str, ...] = ()
    date_order: str = ""
    min_age: int | None = None
    max_age: int | None = None
    default_region: str = ""
    transform: str = ""
    visible_if: Mapping[str, Any] | None = None
    required_if: Mapping[str, Any] | None = None
    formula: str = ""
    decimals: int | None = None
    indexed: bool = False
    pii: bool = False
    visible_to: tuple[str, ...] = ()
    editable_by: tuple[str, ...] = ()
    empty_values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    maps_to: str = ""
    status: FieldStatus = field(default=FieldStatus.ACTIVE)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "FieldDefinition":
        """Read a definition from JSON; what is left out takes its default. Unknown settings are ignored here:
        `leads.fields.checks` names them when a configuration is brought in."""
        known = {name: written[name] for name in (*SETTINGS, "id") if written.get(name) is not None}
        known["type"] = FieldKind(known["type"])
        known["status"] = FieldStatus(known.get("status", FieldStatus.ACTIVE))
        known["choices"] = tuple(Choice.read(choice) for choice in known.get("choices", ()))
        for name in ("visible_to", "editable_by", "empty_values", "aliases", "accept"):
            known[name] = tuple(known.get(name, ()))
        for name in ("min", "max", "default"):
            known[name] = str(known.get(name, ""))
        return cls(**known)

    @classmethod
    def of(cls, row: Field) -> "FieldDefinition":
        """Return the definition that a Field row (the draft) holds."""
        return cls.read({"id": row.pk, **{name: getattr(row, name) for name in SETTINGS}})

    def written(self) -> dict[str, Any]:
        """The configuration file's form: only what differs from the defaults."""
        result: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "id" or (value == item.default and item.name not in ("key", "label", "type")):
                continue
            if item.name == "choices":
                value = [choice.written() for choice in value]
            result[item.name] = list(value) if isinstance(value, tuple) else value
        result["type"] = str(self.type)
        if "status" in result:
            result["status"] = str(self.status)
        return {name: result[name] for name in SETTINGS if name in result}

    @property
    def is_active(self) -> bool:
        """Whether forms show it and files may fill it."""
        return self.status is FieldStatus.ACTIVE

    @property
    def scale(self) -> int:
        """Decimals kept, which is also the scale of the number in the index: fixed with the field."""
        return DEFAULT_DECIMALS.get(self.type, 0) if self.decimals is None else self.decimals

    @cached_property
    def choice_by_name(self) -> dict[str, Choice]:
        """Choices by normalised value and label; values win."""
        by_label = {normalise_text(choice.label): choice for choice in self.choices}
        return {**by_label, **{normalise_text(choice.value): choice for choice in self.choices}}

    @cached_property
    def label_by_value(self) -> dict[str, str]:
        """What people read for each stored choice."""
        return {choice.value: choice.label for choice in self.choices}

    @cached_property
    def choice_by_value(self) -> dict[str, Choice]:
        """Choices by what is stored."""
        return {choice.value: choice for choice in self.choices}

    def offers(self, stored: Any, parent: Any) -> bool:
        """Whether a stored choice, or all of several, may stand beside this value of the field it depends on.

        Without such a value nothing may: the list of a form is empty then, too.
        """
        if parent is None:
            return False
        choices = (
            self.choice_by_value.get(value) for value in (stored if isinstance(stored, list) else [stored])
        )
        return all(choice is not None and choice.fits(parent) for choice in choices)

    @cached_property
    def empty_texts(self) -> frozenset[str]:
        """The texts that mean empty, normalised."""
        return frozenset(normalise_text(text) for text in self.empty_values)

    def means_empty(self, raw: Any) -> bool:
        """Whether a raw value reads as one of the texts that mean empty, such as `Select`; numbers, errors too."""
        if isinstance(raw, str):
            return normalise_text(raw) in self.empty_texts or (
                # Control characters are no part of what is stored, nor of what is compared.
                not raw.isprintable() and _as_stored(raw) in self.empty_texts
            )
        return isinstance(raw, WRITTEN_AS_TEXT) and normalise_text(cell_text(raw)) in self.empty_texts


def _as_stored(raw: str) -> str:
    """The normalised form of what a text field would keep of a text; "" where it would keep nothing."""
    read = text(raw)
    return normalise_text(read.value) if isinstance(read, Coerced) and read.value else ""
