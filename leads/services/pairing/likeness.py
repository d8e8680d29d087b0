"""How likely it is that two leads are of the same person or matter, and why: pure, of two leads' own words.

Each thing that speaks for it takes away its share of the doubt that the others have left: 1 − Π(1 − weight). An equal
phone alone is 75, with an equal name 92; an equal name in the same city is 76.
"""

import re
from dataclasses import dataclass

from rapidfuzz.fuzz import token_sort_ratio

from core.rules import normalise_text

PHONE, EMAIL, DIGITS, CITY, NAME = "phone", "email", "digits", "city", "name"
WEIGHTS = {PHONE: 0.75, EMAIL: 0.7, DIGITS: 0.35, CITY: 0.2}
# What a phone or address says where the names differ: families and offices share them.
SHARED = {PHONE: 0.5, EMAIL: 0.5}
# Names that are less alike (of 100) speak for nothing; above, their weight rises to the most.
LEAST_ALIKE, MOST_OF_NAME = 70, 0.7
DIFFERENT = 50
# Where only some digits or the city agree, names must be as alike as this.
ALIKE_WITH_DIGITS, ALIKE_IN_CITY = 80, 85
LAST_DIGITS = 7
NOT_DIGITS = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Side:
    """What of a lead is compared; "" where it has none. Make it of a stored lead with `side`."""

    lead_id: int
    line_id: int
    name: str
    phone: str
    email: str
    city: str

    @property
    def last_digits(self) -> str:
        """The end of the phone; "" where there is less."""
        return self.phone[-LAST_DIGITS:] if len(self.phone) >= LAST_DIGITS else ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How likely (of 100), and what speaks for it."""

    score: int
    reasons: tuple[str, ...]


def side(lead_id: int, line_id: int, name: str, phone: str, email: str, city: str) -> Side:
    """Return the columns of a lead as they are compared."""
    return Side(
        lead_id,
        line_id,
        normalise_text(name),
        NOT_DIGITS.sub("", phone),
        normalise_text(email),
        normalise_text(city),
    )


def likeness(one: Side, other: Side) -> Likeness | None:
    """Return how alike two leads are; None where too little speaks for it."""
    equal = {
        PHONE: bool(one.phone) and one.phone == other.phone,
        EMAIL: bool(one.email) and one.email == other.email,
        DIGITS: bool(one.last_digits) and one.last_digits == other.last_digits and one.phone != other.phone,
        CITY: bool(one.city) and one.city == other.city,
    }
    both_named = bool(one.name and other.name)
    alike = round(token_sort_ratio(one.name, other.name)) if both_named else 0
    whole = " " in one.name and " " in other.name
    if not (
        equal[PHONE]
        or equal[EMAIL]
        or (equal[DIGITS] and alike >= ALIKE_WITH_DIGITS)
        or (equal[CITY] and whole and alike >= ALIKE_IN_CITY)
    ):
        return None
    differ = both_named and alike < DIFFERENT
    reasons = [reason for reason, holds in equal.items() if holds]
    doubt = 1.0
    for reason in reasons:
        doubt *= 1 - (SHARED if differ else WEIGHTS).get(reason, WEIGHTS[reason])
    if alike >= LEAST_ALIKE:
        reasons.append(f"{NAME}:{alike}")
        doubt *= 1 - MOST_OF_NAME * (alike - LEAST_ALIKE) / (100 - LEAST_ALIKE)
    return Likeness(round(100 * (1 - doubt)), tuple(reasons))
