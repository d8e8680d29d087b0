"""Where a rule's leads come from: cities and regions by name, PIN codes whole or by their first digits. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from core.rules import normalise_text
from leads.fields.definition import FieldDefinition
from leads.fields.line import LineDefinition
from leads.models import AssignmentRule, FieldKind, Lead
from leads.services.lead_rows import LeadRow

# Digits alone are no town: 560 is every code that begins so, 560001 is one.
PIN = re.compile(r"[0-9]{1,10}")
PIN_NAME = re.compile(r"(^|[^a-z])(pin|pin ?code|postal ?code|post ?code|zip|zip ?code)([^a-z]|$)")
PIN_REGEX = re.compile(r"\^?(\[1-9\](\[0-9\]|\\d)\{5\}|(\[0-9\]|\\d)\{6\})\$?")
PIN_KINDS = (FieldKind.TEXT, FieldKind.INTEGER)
NOT_DIGITS = re.compile(r"[\s-]")


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a rule; without any it fits everywhere."""

    names: frozenset[str] = frozenset()
    # How many digits → the codes, or beginnings of codes, of so many.
    pins: dict[int, frozenset[str]] = field(default_factory=dict)
    pin_key: str = ""

    def hold(self, lead: Lead | LeadRow) -> bool:
        """Whether a lead comes from one of them."""
        if not self.names and not self.pins:
            return True
        if self.names and self.names & {normalise_text(lead.city), normalise_text(lead.region)}:
            return True
        if not self.pins:
            return False
        code = NOT_DIGITS.sub("", str(lead.data.get(self.pin_key) or ""))
        return any(code[:digits] in codes for digits, codes in self.pins.items() if len(code) >= digits)


def places_of(rule: AssignmentRule, definition: LineDefinition) -> Places:
    """Return the places of a rule of the line, ready to be asked."""
    pins: dict[int, set[str]] = {}
    names = set()
    for place in rule.places:
        if PIN.fullmatch(place):
            pins.setdefault(len(place), set()).add(place)
        else:
            names.add(place)
    of_lengths = {digits: frozenset(codes) for digits, codes in pins.items()}
    return Places(frozenset(names), of_lengths, pin_key(rule.pin_field, definition) if pins else "")


def has_pins(places: Iterable[str]) -> bool:
    """Whether some places are PIN codes."""
    return any(PIN.fullmatch(place) for place in places)


def pin_key(chosen: str, definition: LineDefinition) -> str:
    """Return the key of the field that holds PIN codes: the chosen one, else the first that looks like it; or ""."""
    if chosen:
        return chosen if chosen in definition.active_by_key else ""
    return _found_pin_key(definition)


@lru_cache(maxsize=512)
def _found_pin_key(definition: LineDefinition) -> str:
    return next((item.key for item in definition.active if _holds_pins(item)), "")


def _holds_pins(item: FieldDefinition) -> bool:
    if item.type not in PIN_KINDS:
        return False
    named = any(PIN_NAME.search(text.lower().replace("_", " ")) for text in (item.key, item.label))
    return named or PIN_REGEX.fullmatch(item.regex) is not None
