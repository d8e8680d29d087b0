"""Reading a number that a person wrote, when it has exactly one reading.

Accepted: plain digits; western (1,250,000) and Indian (12,50,000) grouping by comma or space; a currency sign
or name before or after; a sign before or after, or parentheses, for negative amounts; a percent sign; the
Indian `/-` after an amount; full-width and other Unicode digits, the Unicode minus, no-break spaces.
Dots group only where they can be nothing else: `1.234,50` and `1.234.567`, but `1.234` is one and a bit.
Refused: words (`12 lakh`), grouping that is neither western nor Indian (`12,34,5`), a comma that may be a
decimal sign or a slip (`1234,50`), and scientific notation in text, whose digits were lost when it was saved.
"""

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

LONGEST_NUMBER = 400
"""Characters; every float fits, and no person writes more."""

_CURRENCY = r"(?:₹|rs\.?|inr|us\$|\$|usd|€|eur|£|gbp)"

_SHAPE = re.compile(
    rf"""
    (?P<outer_currency>{_CURRENCY}\s*)?
    (?P<open>\(\s*)?
    (?P<sign_before>[+-]\s*)?
    (?P<currency_before>{_CURRENCY}\s*)?
    (?P<sign_inside>[+-]\s*)?
    (?P<body>[0-9][0-9., ]*|\.[0-9]+)
    (?P<percent_inside>\s*%)?
    (?P<currency_after>\s*{_CURRENCY})?
    (?P<rupee_tail>\s*/-)?
    (?P<sign_after>\s*-)?
    (?P<close>\s*\))?
    (?P<percent>\s*%)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ORDINARY = re.compile(r"[\x00-\x7f₹€£]*")
_PLAIN = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_WESTERN = re.compile(r"[0-9]{1,3}([ ,])[0-9]{3}(?:\1[0-9]{3})*(?:\.[0-9]*)?")
_INDIAN = re.compile(r"[0-9]{1,2}([ ,])(?:[0-9]{2}\1)*[0-9]{3}(?:\.[0-9]*)?")
_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}|[0-9]{1,3}(?:\.[0-9]{3}){2,}")

_CHARACTERS = {
    ord("\N{MINUS SIGN}"): "-",
    ord("\N{SMALL HYPHEN-MINUS}"): "-",
    ord("\N{FULLWIDTH HYPHEN-MINUS}"): "-",
    ord("\N{FULLWIDTH PLUS SIGN}"): "+",
    ord("\N{FULLWIDTH COMMA}"): ",",
    ord("\N{FULLWIDTH FULL STOP}"): ".",
    ord("\N{FULLWIDTH PERCENT SIGN}"): "%",
    ord("\N{FULLWIDTH LEFT PARENTHESIS}"): "(",
    ord("\N{FULLWIDTH RIGHT PARENTHESIS}"): ")",
    ord("\N{RUPEE SIGN}"): "₹",
}


class WrittenNumber(NamedTuple):
    """A number as it was written: its value, and the marks that tell what it stands for."""

    value: Decimal
    has_percent: bool
    has_currency: bool


def read_number(text: str) -> WrittenNumber | None:
    """The number that `text` is, or None when it is none or has more than one reading."""
    if len(text) > LONGEST_NUMBER:
        return None
    plain = text if _ORDINARY.fullmatch(text) else _plain_characters(text)
    shape = _SHAPE.fullmatch(plain.strip())
    if shape is None:
        return None
    digits = _ungrouped(shape["body"].rstrip())
    negative = _sign(shape)
    if digits is None or negative is None:
        return None
    percents = [shape[name] for name in ("percent_inside", "percent") if shape[name]]
    currencies = [
        shape[name] for name in ("outer_currency", "currency_before", "currency_after") if shape[name]
    ]
    if len(percents) > 1 or len(currencies) > 1:
        return None
    value = Decimal(digits)
    return WrittenNumber(
        value=value.copy_negate() if negative and value else value,
        has_percent=bool(percents),
        has_currency=bool(currencies) or bool(shape["rupee_tail"]),
    )


def _plain_characters(text: str) -> str:
    """`text` with digits of every script as 0-9 and spaces of every width as a space.

    Not NFKC: that would turn the superscript of 5² into a digit.
    """
    return "".join(_plain_character(character) for character in text.translate(_CHARACTERS))


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return " " if unicodedata.category(character) == "Zs" else character


def _ungrouped(body: str) -> str | None:
    """The digits of a number without its grouping, or None when the grouping is of no known kind."""
    if _PLAIN.fullmatch(body):
        return body
    if _WESTERN.fullmatch(body) or _INDIAN.fullmatch(body):
        return body.replace(",", "").replace(" ", "")
    if _DOTTED.fullmatch(body):
        return body.replace(".", "").replace(",", ".")
    return None


def _sign(shape: re.Match[str]) -> bool | None:
    """Whether the number is negative; None when it bears two signs, or half a pair of parentheses."""
    if bool(shape["open"]) != bool(shape["close"]):
        return None
    signs = [shape[name].strip() for name in ("sign_before", "sign_inside", "sign_after") if shape[name]]
    if shape["open"]:
        signs.append("-")
    if len(signs) > 1:
        return None
    return signs == ["-"]
