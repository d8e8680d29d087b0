"""Coercion of a cell to a phone number in E.164 form, by the tables of `phonenumbers`."""

import re
from functools import lru_cache

import phonenumbers

from core.values.cells import Cell, CellError, finite_number, strip_text
from core.values.reasons import EXTENSION_DROPPED, IMPROBABLE_PHONE, INVALID_PHONE
from core.values.results import EMPTY, Coerced, Refused

_LONGEST = 60
_DIGITS_TO_FLOAT = re.compile(r"(\+?\d{5,})\.0+", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?e[+-]?\d+", re.ASCII | re.IGNORECASE)
_LETTERS_AFTER_DIGIT = re.compile(r"\d[^a-z]*[a-z]", re.IGNORECASE)
_EXTENSION = re.compile(r"[\s,;.(]*(?:extension|extn|ext|x)[.:\s]*\d{1,7}\)?$", re.ASCII | re.IGNORECASE)

_INDIAN_FORM = re.compile(r"(?:\+91[ -]?|0)?([6-9]\d{4})[ -]?(\d{5})", re.ASCII)


def _indian_mobile_pattern() -> re.Pattern[str]:
    """The pattern by which phonenumbers itself calls a number an Indian mobile; never matches without one."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region("IN")
    mobile = metadata.mobile if metadata else None
    return re.compile((mobile and mobile.national_number_pattern) or r"(?!)")


_INDIAN_MOBILE = _indian_mobile_pattern()


def phone(cell: Cell, region: str = "IN") -> Coerced[str | None] | Refused:
    """The cell as an E.164 number such as `+919876543210`; numbers without `+` are of `region` (ISO code).

    Impossible numbers are refused, improbable ones (right length, in no known range) get a warning; so does
    an extension, which E.164 has no place for. A number cell gives its digits. Text such as `9.19E+11` is
    refused: its digits are lost.
    """
    if isinstance(cell, str):
        if region == "IN":
            form = _INDIAN_FORM.fullmatch(cell)
            if form is not None and _INDIAN_MOBILE.fullmatch(national := form[1] + form[2]):
                return Coerced("+91" + national)
        trimmed = strip_text(cell)
        return _from_text(trimmed, region) if len(trimmed) <= _LONGEST else Refused(INVALID_PHONE)
    if cell is None:
        return EMPTY
    if isinstance(cell, CellError):
        return Refused(cell.code)
    number = finite_number(cell)
    if number is None or not 0 <= number < 10**15 or number != int(number):
        return Refused(INVALID_PHONE)
    return phone(str(int(number)), region)


@lru_cache(maxsize=20_000)
def _from_text(trimmed: str, region: str) -> Coerced[str | None] | Refused:
    if not trimmed:
        return EMPTY
    if _SCIENTIFIC.fullmatch(trimmed):
        return Refused(INVALID_PHONE)
    as_integer = _DIGITS_TO_FLOAT.fullmatch(trimmed)
    digits = as_integer[1] if as_integer else trimmed
    # phonenumbers would dial the letters of 98765ABCDE; in a list of leads they are a slip.
    if _LETTERS_AFTER_DIGIT.search(_EXTENSION.sub("", digits)):
        return Refused(INVALID_PHONE)
    return _parsed(digits, region)


def _parsed(text: str, region: str) -> Coerced[str | None] | Refused:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Refused(INVALID_PHONE)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        return Refused(INVALID_PHONE)
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number):
        return Coerced(formatted, IMPROBABLE_PHONE)
    return Coerced(formatted, EXTENSION_DROPPED if number.extension else None)
