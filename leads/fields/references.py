"""Types whose values name a row: a member of the organisation, another lead.

What is stored is a text that never changes: the member's number, the lead's reference. What people write (a name,
an e-mail address) was looked up before (`leads.queries.references`), so that reading a value needs no database.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from core.rules import Kind, normalise_text
from core.values import EMPTY, CellError, Coerced, Refused, cell_text, reasons, strip_text
from leads.fields.behaviour import CaptureContext, FieldType
from leads.fields.definition import FieldDefinition

# Stands in `Known` for what fits several.
AMBIGUOUS = ""
LONGEST_WRITTEN = 300
NUMBER_BEHIND_NAME = re.compile(r".*\(([0-9]{1,18})\)", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,18}")


def written_member(raw: Any) -> str | None:
    """The form in which a member is looked up: a number, an e-mail address or a name, normalised.

    `Asha Rao (12)` and the API's `{"id": 12, …}` are the number. None where nothing is written, "" where what is
    written names nobody.
    """
    if isinstance(raw, Mapping):
        raw = raw.get("id") or "?"
    text = _text(raw)
    if not text:
        return text
    found = NUMBER_BEHIND_NAME.fullmatch(text)
    text = found[1] if found else text
    return str(int(text)) if NUMBER.fullmatch(text) and text.isascii() else normalise_text(text)


def written_lead(raw: Any) -> str | None:
    """The form in which a lead is looked up: its reference in capitals; the API's object is its reference."""
    if isinstance(raw, Mapping):
        raw = raw.get("reference") or "?"
    text = _text(raw)
    return text and text.upper()


def _text(raw: Any) -> str | None:
    """What is written, without blanks around it; None for nothing, "" for what can name nothing."""
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        return ""
    if isinstance(raw, int) and raw.bit_length() > 64:
        return ""
    text = strip_text(cell_text(raw))
    return (text if len(text) <= LONGEST_WRITTEN else "") if text else None


class Reference(FieldType):
    """What user and lead share."""

    rule_kind = Kind.REFERENCE
    written: ClassVar[Any]

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        if isinstance(raw, CellError):
            return Refused(raw.code)
        written = type(self).written(raw)
        if written is None:
            return EMPTY
        found = getattr(context.known, self.refers_to).get(written)
        if found == AMBIGUOUS:
            return Refused(reasons.AMBIGUOUS)
        return Refused(reasons.CHOICE) if found is None else Coerced(found)


class User(Reference):
    """A member of the organisation, by number. Who has left stays where they were chosen."""

    refers_to = "members"
    written = staticmethod(written_member)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        properties = {"id": {"type": "integer", "minimum": 1}, "name": {"type": "string"}}
        return {"type": "object", "properties": properties, "required": ["id"], "additionalProperties": False}


class LeadLink(Reference):
    """Another lead, by reference: only one that who writes may see."""

    refers_to = "leads"
    written = staticmethod(written_lead)

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z0-9]{1,20}$"}
