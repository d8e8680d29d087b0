"""One class per field type: how a value is read, kept, indexed, described and shown.

`coerce` takes what any door hands over (text of a form, a cell of a file, a JSON value) and gives the typed
value or a reason code. `stored` is the JSON form in `Lead.data`: numbers as text, dates ISO, in UTC.
"""

import datetime as dt
import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core import values
from core.rules import Kind, normalise_text
from core.rules.values import is_storable_text
from core.values import Coerced, Refused, reasons
from leads.fields.behaviour import INDEXED_TEXT_LENGTH, CaptureContext, FieldType
from leads.fields.definition import FieldDefinition
from leads.fields.kept_files import File, Picture
from leads.fields.limits import LONGEST_LONG_TEXT, LONGEST_TEXT
from leads.fields.places import Location
from leads.fields.references import LeadLink, User
from leads.models import FieldKind

__all__ = [
    "FIELD_TYPES",
    "INDEXED_TEXT_LENGTH",
    "CaptureContext",
    "FieldType",
    "type_of",
]
LONGEST_JSON = 50_000
DEEPEST_JSON = 20


class Text(FieldType):
    """One line of text."""

    longest = LONGEST_TEXT

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        result = values.text(raw)
        if field.transform and isinstance(result, Coerced) and result.value:
            return Coerced(_transformed(field.transform, result.value))
        return result

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "maxLength": field.max_length or self.longest}
        if field.min_length:
            schema["minLength"] = field.min_length
        if field.regex:
            schema["pattern"] = field.regex
        return schema


class LongText(Text):
    """Several lines of text."""

    longest = LONGEST_LONG_TEXT


class Number(FieldType):
    """A decimal with a fixed number of places, kept as text so that no digit is lost."""

    rule_kind = Kind.NUMBER
    index_column = "number_value"
    is_number = True

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.decimal_number(raw, field.scale)

    def stored(self, value: Any) -> Any:
        return format(value, "f")

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        return [int(Decimal(stored).scaleb(field.scale))]

    def unique_text(self, field: FieldDefinition, stored: Any) -> str:
        return format(Decimal(stored).normalize(), "f")

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return Decimal(stored)


class Integer(Number):
    """A whole number."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.integer(raw)

    def stored(self, value: Any) -> Any:
        return str(value)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "integer", "pattern": r"^-?\d+$"}


class Money(Number):
    """An amount in the line's currency, with the field's decimals."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.money(raw, field.scale)


class Percent(Number):
    """A percentage: 12.5 means 12.5 %."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.percent(raw, field.scale)


class Computed(Number):
    """The result of a formula; nobody types it."""

    comes_in_files = False

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return Refused("computed")

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {**super().schema(field), "readOnly": True}


class Boolean(FieldType):
    """Yes or no."""

    rule_kind = Kind.BOOLEAN

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.boolean(raw)

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        return ["true" if stored else "false"]

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "boolean"}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return "Yes" if stored else "No"


class Date(FieldType):
    """A day."""

    rule_kind = Kind.DATE
    index_column = "date_value"

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.day(raw, field.date_order or "DMY")

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        return [dt.date.fromisoformat(stored)]

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return dt.date.fromisoformat(stored)


class DateTime(FieldType):
    """A moment; without an offset it is in the organisation's timezone."""

    rule_kind = Kind.DATETIME
    index_column = "number_value"

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.moment(raw, field.date_order or "DMY", context.zone)

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        moment = dt.datetime.fromisoformat(stored)
        return [(moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)]

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class Time(FieldType):
    """A time of day."""

    rule_kind = Kind.TIME

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.clock(raw)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "time"}


class Email(FieldType):
    """An e-mail address."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.email_address(raw)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "email"}


class Phone(FieldType):
    """A phone number, kept in E.164. Impossible numbers are refused, improbable ones warned about."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.phone(raw, field.default_region or context.region)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "phone"}


class WebAddress(FieldType):
    """A link."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.web_address(raw)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "format": "uri"}


class Select(FieldType):
    """One of the configured choices, matched without case, kept in the configured spelling."""

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return _choice(field, raw)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "enum": [choice.value for choice in field.choices if choice.active]}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return field.label_by_value.get(stored, stored)


class MultiSelect(FieldType):
    """Several of the configured choices; in a text they stand between semicolons, bars or commas."""

    rule_kind = Kind.MULTI

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        chosen = []
        for item in _listed(field, raw):
            result = _choice(field, item)
            if isinstance(result, Refused):
                return result
            if result.value is not None and result.value not in chosen:
                chosen.append(result.value)
        return Coerced(chosen)

    def stored(self, value: Any) -> Any:
        return list(value)

    def index_values(self, field: FieldDefinition, stored: Any) -> list[Any]:
        return [normalise_text(item)[:INDEXED_TEXT_LENGTH] for item in stored]

    def unique_text(self, field: FieldDefinition, stored: Any) -> str:
        return "|".join(sorted(map(normalise_text, stored)))

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "array", "uniqueItems": True, "items": Select().schema(field)}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return "; ".join(field.label_by_value.get(item, item) for item in stored)


class Structured(FieldType):
    """An object or a list as JSON; kept and shown, not searched."""

    can_index = False

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        if values.is_blank(raw):
            return values.EMPTY
        try:
            text = (
                raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=_written_number)
            )
            if len(text) > LONGEST_JSON:
                return Refused(reasons.TOO_LONG)
            value = json.loads(text, parse_float=_finite_float, parse_constant=_refuse_constant)
            written = json.dumps(value, ensure_ascii=False)
            # Halves of surrogate pairs, NUL and depths that cannot be written out again must not be stored.
            is_sound = is_storable_text(written) and "\\u0000" not in written and _is_shallow(value)
        except (ValueError, RecursionError):
            return Refused(reasons.NOT_JSON)
        return Coerced(value) if is_sound else Refused(reasons.NOT_JSON)

    def stored(self, value: Any) -> Any:
        return value

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return json.dumps(stored, ensure_ascii=False)


FIELD_TYPES: dict[FieldKind, FieldType] = {
    FieldKind.TEXT: Text(),
    FieldKind.LONG_TEXT: LongText(),
    FieldKind.INTEGER: Integer(),
    FieldKind.DECIMAL: Number(),
    FieldKind.MONEY: Money(),
    FieldKind.PERCENT: Percent(),
    FieldKind.BOOLEAN: Boolean(),
    FieldKind.DATE: Date(),
    FieldKind.DATETIME: DateTime(),
    FieldKind.TIME: Time(),
    FieldKind.EMAIL: Email(),
    FieldKind.PHONE: Phone(),
    FieldKind.URL: WebAddress(),
    FieldKind.SELECT: Select(),
    FieldKind.MULTI_SELECT: MultiSelect(),
    FieldKind.FILE: File(),
    FieldKind.IMAGE: Picture(),
    FieldKind.USER: User(),
    FieldKind.LEAD: LeadLink(),
    FieldKind.LOCATION: Location(),
    FieldKind.COMPUTED: Computed(),
    FieldKind.JSON: Structured(),
}


def type_of(field: FieldDefinition) -> FieldType:
    """Return the behaviour of a field's type."""
    return FIELD_TYPES[field.type]


def _transformed(transform: str, text: str) -> str:
    match transform:
        case "upper":
            return text.upper()
        case "lower":
            return text.lower()
        case "title":
            return " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))
        case "digits":
            return "".join(character for character in text if character.isdecimal())
    return text


def _choice(field: FieldDefinition, raw: Any) -> Coerced | Refused:
    result = values.text(raw)
    if isinstance(result, Refused) or result.value is None:
        return result
    choice = field.choice_by_name.get(normalise_text(result.value))
    return Coerced(choice.value) if choice is not None and choice.active else Refused("choice")


def _listed(field: FieldDefinition, raw: Any) -> Iterable[Any]:
    if isinstance(raw, list | tuple):
        return [item for item in raw if str(item).strip()]
    text = str(raw)
    if values.is_blank(text):
        return []
    if normalise_text(text) in field.choice_by_name:
        return [text]
    for separator in (";", "|", "\n", ","):
        if separator in text:
            return [item for item in text.split(separator) if item.strip()]
    return [text]


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite_float(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number


def _written_number(value: Any) -> Any:
    """A decimal of an API call as JSON's number; anything else as its text."""
    return _finite_float(str(value)) if isinstance(value, Decimal) else str(value)


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _depth in range(DEEPEST_JSON + 1):
        inner: list[Any] = []
        for each in level:
            inner += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        if not inner:
            return True
        level = inner
    return False
