"""The type of a place on the map."""

from typing import Any

from core import values
from core.rules import Kind
from core.values import Coerced, Refused
from core.values.places import LONGEST_ADDRESS, Place
from leads.fields.behaviour import CaptureContext, FieldType
from leads.fields.definition import FieldDefinition


class Location(FieldType):
    """Latitude and longitude in degrees of WGS 84 with six decimals; with accuracy in metres and address, if known.

    Kept as `{"lat": "18.520430", "lon": "73.856743"}`. Rules and filters ask only whether it is there.
    """

    rule_kind = Kind.PRESENCE
    can_index = False

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        return values.place(raw)

    def stored(self, value: Place) -> Any:
        return value.stored()

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        degrees = {"type": "string", "pattern": r"^-?[0-9]{1,3}\.[0-9]{6}$"}
        properties = {
            "lat": degrees,
            "lon": degrees,
            "accuracy": {"type": "string", "pattern": "^[0-9]{1,7}$", "description": "Metres."},
            "address": {"type": "string", "maxLength": LONGEST_ADDRESS},
        }
        return {
            "type": "object",
            "properties": properties,
            "required": ["lat", "lon"],
            "additionalProperties": False,
        }

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return values.written_place(stored)
