"""The values that rules and formulas work on: their kinds, how they are read, how they are normalised.

Three questions are answered here, once, for the interpreter and for the database filter alike:

* `read_value`: what does this stored value mean? (`None`: nothing; the value is missing)
* `parse_literal`: what did the author of a rule write? (or a `ValueError` that says what to write instead)
* `stored_value`: how is a typed value kept in JSON?

A value that cannot be read as its kind (the text "n/a" where a number belongs) counts as missing.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

Parsed = TypeVar("Parsed")
Scalar = str | Decimal | bool | date | datetime | time
Typed = Scalar | frozenset[str]

# A number longer than this many characters, written out in full, is no number. The same bound stands in the
# database filter: it keeps the cast to numeric within PostgreSQL's own limits.
MAX_NUMBER_LENGTH = 200
# A float keeps 15 decimal digits for certain; with more, the author's digits may already be lost.
MAX_FLOAT_DIGITS = 15

PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISO_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
ISO_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")


class Kind(StrEnum):
    """What a field holds, as far as rules are concerned.

    Integers, decimals, money, percents and computed values are all `number`; choices, e-mails, phones and
    links are `text`; a field of several choices is `multi`. A `reference` names a row (a member, another lead) by a
    text of its own: it is this one or another, nothing else is asked of it. Of a `presence` (a kept file, a place)
    rules ask only whether it is there.
    """

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    MULTI = "multi"
    REFERENCE = "reference"
    PRESENCE = "presence"


def normalise_text(text: str) -> str:
    """The form in which texts are compared: compatibility-composed, case-folded, trimmed.

    Normalising twice gives the same as once, and canonically equivalent texts give the same result.
    """
    if text.isascii():
        return text.casefold().strip()
    previous = None
    # Folding can undo composition and composition can make room for more folding or trimming, so the steps
    # are repeated until nothing changes (two rounds, for almost every text).
    while text != previous:
        previous = text
        folded = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", folded).strip()
    return text


def is_missing(value: object) -> bool:
    """Whether a value says nothing: None, blank text, or a list without a filled item."""
    if value is None:
        return True
    if isinstance(value, str):
        return not normalise_text(value)
    if isinstance(value, list | tuple | set | frozenset):
        return all(is_missing(item) for item in value)
    return False


def is_storable_text(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL character, no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


# Reading what is stored


def read_text(value: object) -> str | None:
    """The text as stored, or None where it is blank or no text at all."""
    if isinstance(value, str) and normalise_text(value):
        return value
    return None


def read_normalised_text(value: object) -> str | None:
    """The text in its comparable form, or None where it is blank or no text at all."""
    if isinstance(value, str):
        return normalise_text(value) or None
    return None


def read_number(value: object) -> Decimal | None:
    """A decimal from a plain number text, an int, a Decimal, or a float by its shortest spelling."""
    if isinstance(value, str):
        if len(value) <= MAX_NUMBER_LENGTH and PLAIN_NUMBER.fullmatch(value):
            return Decimal(value)
        return None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # An int this long has no business in a field, and str() of it would be slow or refused.
        return None if value.bit_length() > 4 * MAX_NUMBER_LENGTH else _bounded(Decimal(value))
    if isinstance(value, float):
        return _bounded(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _bounded(value)
    return None


def read_boolean(value: object) -> bool | None:
    """True or False, also from the texts `true` and `false` as JSON spells them."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def read_date(value: object) -> date | None:
    """A date from an ISO text (2024-01-31) or a date; a date with a time is not a date."""
    if isinstance(value, str):
        return _parsed(date.fromisoformat, value) if ISO_DATE.fullmatch(value) else None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return None


def read_datetime(value: object) -> datetime | None:
    """A moment in UTC from an ISO text or a datetime. What is stored without an offset is in UTC."""
    if isinstance(value, str):
        parsed = _parsed(datetime.fromisoformat, value) if ISO_DATETIME.fullmatch(value) else None
        return None if parsed is None else in_utc(parsed)
    return in_utc(value) if isinstance(value, datetime) else None


def read_time(value: object) -> time | None:
    """A time of day without a zone, from an ISO text (09:30, 09:30:00) or a time."""
    if isinstance(value, str):
        return _parsed(time.fromisoformat, value) if ISO_TIME.fullmatch(value) else None
    if isinstance(value, time) and value.tzinfo is None:
        return value
    return None


def read_choices(value: object) -> frozenset[str] | None:
    """The set of normalised choices, or None where none is filled."""
    return frozenset(normalised_items(value)) or None


def normalised_items(value: object) -> list[str]:
    """The filled texts of a list in their comparable form, each once, in the order of first appearance."""
    if not isinstance(value, list | tuple | set | frozenset):
        return []
    items = (normalise_text(item) for item in value if isinstance(item, str))
    return list(dict.fromkeys(item for item in items if item))


def read_presence(value: object) -> bool | None:
    """True for an object that says something, as files and places are stored; None for anything else."""
    return True if isinstance(value, Mapping) and value else None


READERS: dict[Kind, Callable[[object], Typed | None]] = {
    Kind.TEXT: read_text,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.DATE: read_date,
    Kind.DATETIME: read_datetime,
    Kind.TIME: read_time,
    Kind.MULTI: read_choices,
    Kind.REFERENCE: read_normalised_text,
    Kind.PRESENCE: read_presence,
}


def read_value(kind: Kind, value: object) -> Typed | None:
    """What a stored or typed value means as its kind; None where it is missing or cannot be read."""
    return READERS[kind](value)


def stored_value(value: Typed | int) -> object:
    """How a typed value is kept in JSON: numbers, dates, times as text, moments as ISO text in UTC.

    The texts of dates, of times and of moments sort (by code point) as what they stand for.
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    return value


# Reading what the author of a rule wrote


def parse_literal(kind: Kind, value: object) -> Scalar:
    """A typed value from a rule's literal; for `multi`, one choice.

    A datetime without an offset stays naive: it is in the organisation's timezone, which is known only when
    the rule runs. Raises ValueError with a message that says what to write.
    """
    return LITERALS[kind](value)


def parse_text(value: object) -> str:
    """A text with something in it, which the database can hold."""
    if not isinstance(value, str):
        raise ValueError('Write the value as text in quotes, for example "Mumbai".')
    if not is_storable_text(value):
        raise ValueError("The text contains a character that cannot be stored. Remove it.")
    if not normalise_text(value):
        raise ValueError("The text is blank. Use is_empty or is_not_empty to ask for missing values.")
    return value


def parse_number(value: object) -> Decimal:
    """A decimal from a number, or from its text where digits must not be lost."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("Write a finite number.")
    if isinstance(value, float) and len(Decimal(repr(value)).as_tuple().digits) > MAX_FLOAT_DIGITS:
        raise ValueError("Write this number in quotes, so that none of its digits is lost.")
    number = read_number(value.strip() if isinstance(value, str) else value)
    if number is None:
        raise ValueError(
            "Write a plain number, such as 125000 or 2.5, without grouping, currency or exponent."
        )
    return number


def parse_boolean(value: object) -> bool:
    """True or false, as JSON has them."""
    if not isinstance(value, bool):
        raise ValueError("Write true or false, without quotes.")
    return value


def parse_date(value: object) -> date:
    """A date from an ISO text."""
    parsed = read_date(value)
    if parsed is None:
        raise ValueError("Write a date as year-month-day, for example 2024-01-31.")
    return parsed


def parse_datetime(value: object) -> datetime:
    """A moment from an ISO text: in UTC where an offset is given, naive where not."""
    message = "Write date and time, for example 2024-01-31T09:30 or 2024-01-31T04:00:00+00:00."
    parsed = value
    if isinstance(value, str):
        parsed = _parsed(datetime.fromisoformat, value) if ISO_DATETIME.fullmatch(value) else None
    if not isinstance(parsed, datetime):
        raise ValueError(message)
    if parsed.tzinfo is None:
        return parsed
    moment = in_utc(parsed)
    if moment is None:
        raise ValueError(message)
    return moment


def parse_time(value: object) -> time:
    """A time of day from an ISO text."""
    parsed = read_time(value)
    if parsed is None:
        raise ValueError("Write a time of day, for example 09:30.")
    return parsed


def parse_reference(value: object) -> str:
    """The text that names a row; a whole number, as members are counted by, is its text."""
    return parse_text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


LITERALS: dict[Kind, Callable[[object], Scalar]] = {
    Kind.TEXT: parse_text,
    Kind.NUMBER: parse_number,
    Kind.BOOLEAN: parse_boolean,
    Kind.DATE: parse_date,
    Kind.DATETIME: parse_datetime,
    Kind.TIME: parse_time,
    Kind.MULTI: parse_text,
    Kind.REFERENCE: parse_reference,
    Kind.PRESENCE: parse_boolean,
}


def in_utc(value: datetime, timezone: tzinfo = UTC) -> datetime | None:
    """The moment in UTC; one without an offset is in `timezone`. None where the calendar ends before it."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=timezone)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        return None


# What the database compares


READ_AS_STORED = frozenset((Kind.NUMBER, Kind.BOOLEAN, Kind.PRESENCE))


def comparison_values(data: Mapping[str, object], kinds: Mapping[str, Kind]) -> dict[str, object]:
    """The comparable form of each stored value, where it differs from the stored one.

    `data` is what the JSON column holds; `kinds` gives the kind of each of its fields. Kept beside `data`,
    the result lets the database compare without normalising: the filter reads it first and falls back to
    `data`. A value that is blank or unreadable becomes "" (or [] for a `multi` field): missing. Numbers, booleans
    and presences need no entry, since the database reads them by the same format as `read_value`.
    """
    comparable: dict[str, object] = {}
    for key, kind in kinds.items():
        stored = data.get(key)
        if stored is None or kind in READ_AS_STORED:
            continue
        form = comparable_form(kind, stored)
        if form != stored:
            comparable[key] = form
    return comparable


def comparable_form(kind: Kind, value: object) -> object:
    """The JSON form that the database compares: "" or [] where the value is missing."""
    if kind is Kind.MULTI:
        return normalised_items(value)
    if kind in (Kind.TEXT, Kind.REFERENCE):
        return read_normalised_text(value) or ""
    typed = read_value(kind, value)
    return "" if typed is None else stored_value(typed)


def _parsed(parse: Callable[[str], Parsed], text: str) -> Parsed | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _bounded(number: Decimal) -> Decimal | None:
    """The number, unless it is not finite or too long to be written out."""
    if not number.is_finite() or abs(number.adjusted()) >= MAX_NUMBER_LENGTH:
        return None
    return number if len(format(number, "f")) <= MAX_NUMBER_LENGTH else None
