"""The limits that a field sets for its values, made ready once per definition.

A limit takes a typed value and the day it is judged on, and returns (code, parameters) of what it breaks.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import re2

from leads.fields.definition import FieldDefinition
from leads.models import FieldKind

Broken = tuple[str, dict[str, Any]]
Limit = Callable[[Any, dt.date], list[Broken]]

LONGEST_TEXT = 2_000
LONGEST_LONG_TEXT = 20_000
TEXT_LIMITS = {FieldKind.TEXT: LONGEST_TEXT, FieldKind.LONG_TEXT: LONGEST_LONG_TEXT}
NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT, FieldKind.COMPUTED)
# The index keeps scaled 64-bit numbers; a key may become indexed later, so the bound holds for all.
INT64 = 2**63
AMOUNT_DECIMALS = 2


def limits_of(item: FieldDefinition) -> tuple[Limit, ...]:
    """Return the limits of a field, in the order in which they are reported."""
    return tuple(_limits(item))


def _limits(item: FieldDefinition) -> Iterator[Limit]:
    if item.type in TEXT_LIMITS:
        yield _length_limit(item)
    if item.regex:
        yield _pattern_limit(item)
    if item.type in NUMBERS:
        yield _number_limit(item)
    if item.type is FieldKind.DATE and (item.min or item.max):
        yield _day_limit(item)
    if item.type is FieldKind.DATE and (item.min_age is not None or item.max_age is not None):
        yield _age_limit(item)


def _length_limit(item: FieldDefinition) -> Limit:
    longest = item.max_length or TEXT_LIMITS[item.type]
    shortest = item.min_length or 0

    def check(value: str, today: dt.date) -> list[Broken]:
        if len(value) > longest:
            return [("too_long", {"limit": longest})]
        if len(value) < shortest:
            return [("too_short", {"limit": shortest})]
        return []

    return check


def _pattern_limit(item: FieldDefinition) -> Limit:
    whole = re2.compile(item.regex).fullmatch

    def check(value: Any, today: dt.date) -> list[Broken]:
        # Bytes spare the counting of characters that a text's match comes with.
        return [] if not isinstance(value, str) or whole(value.encode()) else [("pattern", {})]

    return check


def _number_limit(item: FieldDefinition) -> Limit:
    least = Decimal(item.min) if item.min else None
    most = Decimal(item.max) if item.max else None
    # A core amount is kept in minor units beside.
    beyond = Decimal(INT64).scaleb(-max(item.scale, AMOUNT_DECIMALS if item.maps_to == "amount" else 0))

    def check(value: Decimal | int, today: dt.date) -> list[Broken]:
        if least is not None and value < least:
            return [("min", {"limit": item.min})]
        if most is not None and value > most:
            return [("max", {"limit": item.max})]
        return [] if -beyond < value < beyond else [("max", {"limit": str(INT64)})]

    return check


def _day_limit(item: FieldDefinition) -> Limit:
    first = dt.date.fromisoformat(item.min) if item.min else dt.date.min
    last = dt.date.fromisoformat(item.max) if item.max else dt.date.max

    def check(value: dt.date, today: dt.date) -> list[Broken]:
        if value < first:
            return [("min", {"limit": item.min})]
        return [("max", {"limit": item.max})] if value > last else []

    return check


def _age_limit(item: FieldDefinition) -> Limit:
    youngest, oldest = item.min_age, item.max_age

    def check(value: dt.date, today: dt.date) -> list[Broken]:
        age = full_years(value, today)
        if youngest is not None and age < youngest:
            return [("min_age", {"limit": youngest})]
        return [("max_age", {"limit": oldest})] if oldest is not None and age > oldest else []

    return check


def full_years(birth: dt.date, today: dt.date) -> int:
    """Return the age in completed years; who is born on 29 February turns on 1 March in other years."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
