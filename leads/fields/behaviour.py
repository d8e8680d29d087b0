"""What all field types share, and what reading a value depends on beside the value."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from core import values
from core.rules import Kind, Moment, normalise_text, stored_value
from core.values import Coerced, Refused
from leads.fields.definition import FieldDefinition

INDEXED_TEXT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up before values are read, so that reading them needs no database.

    For each way in which a member or a lead was written (`leads.fields.references` says in which form): what is
    stored of it, or AMBIGUOUS. What is not here does not exist for who writes.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    # By field key and number, as `photo/17`: a file was handed in for one field.
    files: Mapping[str, dict[str, Any]] = field(default_factory=dict)


NOTHING_KNOWN = Known()


@dataclass(frozen=True)
class CaptureContext:
    """What validation depends on beside the value: the moment, the organisation's timezone and phone region, and
    what the values refer to."""

    now: dt.datetime
    zone: ZoneInfo
    region: str = "IN"
    # Given where many rows are read in this one context: what texts were read as, column by column.
    memory: dict[Any, Any] | None = field(default=None, compare=False, repr=False)
    known: Known = field(default=NOTHING_KNOWN)

    @cached_property
    def moment(self) -> Moment:
        """When rules are judged."""
        return Moment(self.now, self.zone)

    @cached_property
    def today(self) -> dt.date:
        """The day it is in the organisation's timezone."""
        return self.moment.today


class FieldType:
    """What all types share; text-like unless a subclass says otherwise."""

    rule_kind: ClassVar[Kind] = Kind.TEXT
    index_column: ClassVar[str] = "text_value"
    # `unique` and `indexed` make no sense for every type.
    can_index: ClassVar[bool] = True
    is_number: ClassVar[bool] = False
    # Which part of `Known` its values are looked up in, if they refer to something.
    refers_to: ClassVar[str] = ""
    # Whether a cell of a file can hold it.
    comes_in_files: ClassVar[bool] = True

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        """Read a value that is not empty."""
        return values.text(raw)

    def stored(self, value: Any) -> Any:
        """The JSON form of a typed value."""
        return stored_value(value)

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        """The entries of the index for a stored value: several only for several choices."""
        return [normalise_text(str(stored))[:INDEXED_TEXT_LENGTH]]

    def unique_text(self, field: FieldDefinition, stored: Any) -> str:
        """The text under which two equal values are found to be equal."""
        return normalise_text(str(stored))

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        """The JSON Schema of a value in the API."""
        return {"type": "string"}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        """What an exported workbook holds: a typed cell where the type has one."""
        return stored
