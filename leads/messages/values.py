"""Reading the value of a field where a text begins with one, into the form in which the lead form shows it."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

import re2

from core.values import Coerced
from core.values.number_text import read_number
from leads.fields.behaviour import CaptureContext
from leads.fields.definition import Choice, FieldDefinition
from leads.fields.types import type_of
from leads.models import FieldKind

NUMBERS: Final = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT)
TEXTS: Final = (FieldKind.TEXT, FieldKind.LONG_TEXT)
CHOICES: Final = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
Raw = str | list[str]
Found = tuple[Raw, int]
"""What the form shows, and how many characters of the text say it."""

_UNITS = {
    **dict.fromkeys(("k", "thousand"), 1_000),
    **dict.fromkeys(("l", "lakh", "lakhs", "lac", "lacs"), 100_000),
    **dict.fromkeys(("cr", "crore", "crores"), 10_000_000),
    **dict.fromkeys(("million", "mn"), 1_000_000),
}
_CURRENCY = r"(?:₹|rs\.?|inr|\$|usd|€|eur|£|gbp)"
AMOUNT: Final = re.compile(
    rf"(?P<currency>{_CURRENCY}\s?)?(?P<number>\d(?:[\d,]|\.(?=\d)){{0,30}})"
    rf"(?:\s?(?P<unit>thousand|lakhs?|lacs?|crores?|cr|million|mn|k|l)\b)?(?P<tail>\s?/-|\s?%)?",
    re.IGNORECASE | re.ASCII,
)
_RANGE = re.compile(r"\s?(?:-|–|—|to\b)\s?[₹\d]", re.IGNORECASE)
PHONE: Final = re.compile(r"(?<![\w+])(?:\+|\()?\d[\d \-().]{5,20}\d(?!\w)", re.ASCII)
EMAIL: Final = re.compile(r"[^\s<>,;:\"'()\[\]]{1,64}@[^\s<>,;:\"'()\[\]@]{1,250}")
URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"']{3,500}", re.IGNORECASE)
_MONTH = r"[a-z]{3,9}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = rf"(?:\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}|{_DAY}[\s-]?{_MONTH},?[\s-]?\d{{4}}|{_MONTH}\s{_DAY},?\s\d{{4}})"
DATE: Final = re.compile(_DATE + r"(?!\w)", re.IGNORECASE | re.ASCII)
MOMENT: Final = re.compile(
    _DATE + r"(?:,?\s(?:at\s)?\d{1,2}(?:[:.]\d{2})?\s?(?:[ap]\.?m\b\.?)?)?(?!\w)", re.IGNORECASE | re.ASCII
)
CLOCK: Final = re.compile(r"\d{1,2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\b\.?)?(?!\w)", re.IGNORECASE | re.ASCII)
YES_OR_NO: Final = re.compile(r"(?:yes|no|true|false|y|n)\b", re.IGNORECASE)
TOKEN: Final = re.compile(r"[^\s,;:|()\[\]<>\"“”]{2,60}")
_PATTERNS = {
    FieldKind.PHONE: PHONE,
    FieldKind.EMAIL: EMAIL,
    FieldKind.URL: URL,
    FieldKind.DATE: DATE,
    FieldKind.DATETIME: MOMENT,
    FieldKind.TIME: CLOCK,
    FieldKind.BOOLEAN: YES_OR_NO,
}
_ENDS = ".,;:!?'*_"


def value_at(item: FieldDefinition, text: str, context: CaptureContext) -> Found | None:
    """The value that the text begins with, for a type whose values have a form of their own; None for none."""
    if item.type in NUMBERS:
        return _number_at(item, text, context)
    if item.type in CHOICES:
        return _choice_at(item, text)
    pattern = _PATTERNS.get(item.type)
    if pattern is None and item.type in TEXTS and item.regex:
        pattern = TOKEN
    matched = pattern.match(text) if pattern else None
    if matched is None:
        return None
    written = (
        matched[0].rstrip(_ENDS)
        if item.type not in (FieldKind.TIME, FieldKind.DATETIME)
        else matched[0].strip()
    )
    raw = shown(item, written, context)
    return None if raw is None else (raw, len(written))


def whole_value(item: FieldDefinition, text: str, context: CaptureContext) -> Found | None:
    """The value that follows a label: as `value_at`, and for a text without a form of its own all of it."""
    if item.type is FieldKind.MULTI_SELECT:
        raw = shown(item, text, context)
        if raw:
            return raw, len(text)
    if item.type not in TEXTS or item.regex:
        return value_at(item, text, context)
    raw = shown(item, text, context)
    return None if raw is None else (raw, len(text))


def shown(item: FieldDefinition, written: str, context: CaptureContext) -> Raw | None:
    """What the form shows for a text; None where the field would not read it."""
    if not written or item.means_empty(written):
        return None
    result = type_of(item).coerce(item, written, context)
    if not isinstance(result, Coerced) or result.value is None or result.value == []:
        return None
    if item.regex and not matches(item, str(type_of(item).stored(result.value))):
        return None
    match item.type:
        case FieldKind.DATETIME:
            return str(result.value.astimezone(context.zone).strftime("%Y-%m-%dT%H:%M"))
        case FieldKind.DATE:
            return str(result.value.isoformat())
        case FieldKind.TIME:
            return str(result.value.strftime("%H:%M"))
        case FieldKind.BOOLEAN:
            return "true" if result.value else "false"
        case FieldKind.SELECT:
            return str(result.value)
        case FieldKind.MULTI_SELECT:
            return [str(each) for each in result.value]
    if item.type is FieldKind.PHONE and result.warning:
        return None  # in no known range: more likely another number
    return written


def matches(item: FieldDefinition, text: str) -> bool:
    """Whether the whole text has the field's form."""
    return bool(_whole(item.regex)(text))


@lru_cache(maxsize=1024)
def _whole(pattern: str):  # type: ignore[no-untyped-def]
    return re2.compile(pattern).fullmatch


def _number_at(item: FieldDefinition, text: str, context: CaptureContext) -> Found | None:
    matched = AMOUNT.match(text)
    if matched is None:
        return None
    rest = text[matched.end() :]
    if _RANGE.match(rest) or rest[:1].isalnum() or (rest[:1] in "/-." and rest[1:2].isdigit()):
        return None
    number = amount_of(matched)
    if number is None or (matched["currency"] and item.type is not FieldKind.MONEY):
        return None
    if (matched["tail"] or "").strip() == "%" and item.type is not FieldKind.PERCENT:
        return None
    raw = shown(item, number, context)
    return None if raw is None else (raw, len(matched[0].rstrip(",")))


def amount_of(matched: re.Match[str]) -> str | None:
    """The plain digits of what AMOUNT matched; None where its grouping is of no known kind."""
    written = read_number(matched["number"].rstrip(","))
    if written is None:
        return None
    value = written.value * Decimal(_UNITS[matched["unit"].casefold()]) if matched["unit"] else written.value
    plain = format(value, "f")
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def choice_names(item: FieldDefinition) -> list[tuple[str, Choice]]:
    """The names of the choices still offered, the longest first."""
    names = {
        (name, choice) for choice in item.choices if choice.active for name in (choice.label, choice.value)
    }
    return sorted(names, key=lambda pair: (-len(pair[0]), pair[0]))


def _choice_at(item: FieldDefinition, text: str) -> Found | None:
    for name, choice in choice_names(item):
        matched = re.match(rf"{name_pattern(name)}(?!\w)", text, re.IGNORECASE)
        if matched and matched[0]:
            return ([choice.value] if item.type is FieldKind.MULTI_SELECT else choice.value), matched.end()
    return None


@lru_cache(maxsize=4096)
def name_pattern(name: str) -> str:
    """A pattern for a name in which a space may be written as a hyphen or not at all be single."""
    return r"[\s\-_]{1,3}".join(re.escape(word) for word in re.split(r"[\s\-_]+", name.strip()) if word)
