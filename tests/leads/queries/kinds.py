"""A line with each kind of field twice, once indexed and once not, and leads of nasty values in it."""

import random
from typing import Any

from core.rules import Kind, comparison_values, normalise_text
from core.values import is_blank
from leads.fields.line import line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, Lead, LeadStatus
from leads.services.recording import Enquiry, Recorder
from tests.core.rules import generated

KIND_TYPES = {
    Kind.TEXT: ("text", "long_text"),
    Kind.NUMBER: ("decimal", "money"),
    Kind.BOOLEAN: ("boolean",),
    Kind.DATE: ("date",),
    Kind.DATETIME: ("datetime",),
    Kind.TIME: ("time",),
    Kind.MULTI: ("multi_select",),
    Kind.REFERENCE: ("user", "lead"),
    Kind.PRESENCE: ("location",),
}
# No index says whether they are there.
NEVER_INDEXED = (Kind.PRESENCE,)
CHOICES = ["red", "Straße", "é", "😀", "a%b", "blue", "x" * 150, "y" * 199, "ﬁ" * 120]
NUMBERS = [
    "0",
    "1",
    "-1",
    "700.5",
    "0.1",
    "9223372036854.77",
    "-9223372036854.77",
    "12.25",
    "999999999999.99",
]

FIELDS: list[dict[str, Any]] = [
    {
        "key": f"{kind.value}_{number}{suffix}",
        "label": f"{kind.value} {number}{suffix}",
        "type": type_,
        "indexed": suffix == "_fast" and kind not in NEVER_INDEXED,
        **({"choices": CHOICES} if kind is Kind.MULTI else {}),
        **({"decimals": number} if type_ == "decimal" else {}),
    }
    for suffix in ("_fast", "")
    for kind, types in KIND_TYPES.items()
    for number, type_ in enumerate((*types, types[0])[:2], start=1)
]
CITY = {"key": "town", "label": "Town", "type": "text", "maps_to": "city", "indexed": True}
CORE = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "wanted", "label": "Amount", "type": "money", "maps_to": "amount", "indexed": True},
    CITY,
]
NAMES = {
    f"data.{field['key']}": kind
    for field in FIELDS
    for kind, types in KIND_TYPES.items()
    if field["type"] in types
}


def nasty_leads(line: BusinessLine, count: int, *, seed: int = 7, **attributes: Any) -> list[Lead]:
    """Record `count` leads whose values are the nastiest that validation lets in; a fifth is missing."""
    source = random.Random(seed)
    definition = line_definition(line)
    enquiries = []
    for number in range(count):
        data = {}
        for item in definition.active:
            value = _value(source, type_of(item).rule_kind, item.scale)
            if value is not None and source.random() > 0.2:
                data[item.key] = value
        compare = comparison_values(data, definition.kinds)
        chosen = {
            "status": source.choice(LeadStatus.values),
            "stage": source.choice(["new", "documents", ""]),
        }
        enquiries.append(Enquiry(data, compare, {**chosen, **attributes}, row_number=number))
    outcomes = Recorder(line, definition).record(enquiries)
    return [outcome.lead for outcome in outcomes]


def _value(source: random.Random, kind: Kind, scale: int) -> Any:
    match kind:
        case Kind.NUMBER:
            number = source.choice(NUMBERS)
            whole, _, fraction = number.partition(".")
            return f"{whole}.{fraction[:scale].ljust(scale, '0')}" if scale else whole
        case Kind.MULTI:
            return source.sample(CHOICES, k=source.randint(1, 3))
        case Kind.TEXT:
            texts = [text for text in generated.FILLED_TEXTS if normalise_text(text) and not is_blank(text)]
            return source.choice([*texts, "y" * 200, "y" * 201, "Y" * 200 + "é", "ﬁ" * 120])
        case Kind.REFERENCE:
            return source.choice(generated.REFERENCES).strip()
        case Kind.PRESENCE:
            return {"lat": "18.520430", "lon": "73.856743"}
        case Kind.BOOLEAN:
            return source.random() < 0.5
        case Kind.DATE:
            return source.choice(generated.DATES)
        case Kind.DATETIME:
            return source.choice(
                [
                    "2024-03-10T20:00:00+00:00",
                    "2024-03-10T18:29:59.999999+00:00",
                    "0001-01-01T00:00:00+00:00",
                    "9999-12-31T23:59:59.999999+00:00",
                    "1899-12-31T23:59:59+00:00",
                ]
            )
        case _:
            return source.choice(["09:30:00", "09:30:00.000001", "00:00:00", "23:59:59.999999"])
