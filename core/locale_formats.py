"""Numbers, money, dates and times as an organisation writes them.

Pure functions: locale, currency, timezone and the present moment are arguments. Month names and the words of
relative times come from Django's translations, so they follow the reader's language; grouping, decimal sign
and the order of a date follow the organisation's locale (a BCP 47 tag such as ``en-IN``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dates import MONTHS_3
from django.utils.translation import get_language, gettext, ngettext, pgettext

MINUS = "\u2212"
NARROW_SPACE = "\u202f"

DEFAULT_LOCALE = "en-US"

# Regions that group by lakh and crore.
LAKH_REGIONS = frozenset({"IN", "PK", "BD", "NP", "LK", "BT"})
LAKH_CURRENCIES = frozenset({"INR"})

# Language → (group sign, decimal sign). Languages that are not listed write 1,234.5.
SEPARATORS: dict[str, tuple[str, str]] = {
    "de": (".", ","),
    "es": (".", ","),
    "it": (".", ","),
    "nl": (".", ","),
    "pt": (".", ","),
    "tr": (".", ","),
    "id": (".", ","),
    "da": (".", ","),
    "fr": (NARROW_SPACE, ","),
    "sv": (NARROW_SPACE, ","),
    "nb": (NARROW_SPACE, ","),
    "fi": (NARROW_SPACE, ","),
    "pl": (NARROW_SPACE, ","),
    "cs": (NARROW_SPACE, ","),
    "ru": (NARROW_SPACE, ","),
    "uk": (NARROW_SPACE, ","),
}
REGION_SEPARATORS: dict[str, tuple[str, str]] = {
    "CH": ("\u2019", "."),
    "LI": ("\u2019", "."),
    "MX": (",", "."),
}

# Currency → (symbol with its space, decimals). Others show their code and two decimals.
CURRENCIES: dict[str, tuple[str, int]] = {
    "INR": ("₹ ", 2),
    "USD": ("$", 2),
    "EUR": ("€", 2),
    "GBP": ("£", 2),
    "JPY": ("¥", 0),
    "CNY": ("CN¥", 2),
    "AUD": ("A$", 2),
    "CAD": ("CA$", 2),
    "SGD": ("S$", 2),
    "HKD": ("HK$", 2),
    "NZD": ("NZ$", 2),
    "KRW": ("₩", 0),
    "PHP": ("₱", 2),
    "NGN": ("₦", 2),
    "VND": ("₫", 0),
    "IDR": ("Rp ", 2),
    "KWD": ("KWD ", 3),
    "BHD": ("BHD ", 3),
    "OMR": ("OMR ", 3),
    "JOD": ("JOD ", 3),
}

# Languages that write the currency after the amount.
SYMBOL_AFTER = frozenset({"de", "es", "fr", "it", "pt", "sv", "nb", "da", "fi", "pl", "cs", "ru", "uk"})

# Locales of organisations that state a currency only.
CURRENCY_LOCALES = {"INR": "en-IN", "GBP": "en-GB", "AUD": "en-AU", "SGD": "en-SG", "NZD": "en-NZ"}

Amount = Decimal | int | float | str


@dataclass(frozen=True, slots=True)
class Locale:
    """Language and region of a BCP 47 tag, taken apart once."""

    language: str
    region: str

    @classmethod
    @lru_cache(maxsize=1_024)
    def parse(cls, tag: str | None) -> Locale:
        """Read ``en-IN``, ``en_IN`` or ``en``; nothing or nonsense becomes the default locale."""
        parts = (tag or DEFAULT_LOCALE).replace("_", "-").split("-")
        language = parts[0].lower()
        region = next((part.upper() for part in parts[1:] if len(part) == 2), "")
        if not language.isalpha():
            return cls.parse(DEFAULT_LOCALE)
        return cls(language, region)

    @property
    def separators(self) -> tuple[str, str]:
        """Group sign and decimal sign."""
        return REGION_SEPARATORS.get(self.region) or SEPARATORS.get(self.language) or (",", ".")

    @property
    def groups_by_lakh(self) -> bool:
        return self.region in LAKH_REGIONS


def locale_of_currency(currency: str | None) -> str:
    """The locale to assume for an organisation that states only its currency."""
    return CURRENCY_LOCALES.get((currency or "").upper(), DEFAULT_LOCALE)


def to_decimal(value: Amount | None) -> Decimal | None:
    """A finite decimal, or None for nothing, blank text and what is no number.

    A float is read by its shortest text, so 0.1 stays 0.1.
    """
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def round_half_up(number: Decimal, decimals: int) -> Decimal:
    """The number with exactly so many decimals, halves away from zero, at any size."""
    with localcontext() as context:
        context.prec = max(context.prec, number.adjusted() + decimals + 2)
        return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def group_digits(digits: str, separator: str, *, by_lakh: bool) -> str:
    """Group a run of digits: by thousands, or by lakh (the last three, then twos)."""
    if len(digits) <= 3:
        return digits
    head, tail = digits[:-3], digits[-3:]
    width = 2 if by_lakh else 3
    first = len(head) % width
    groups = [head[:first]] if first else []
    groups += [head[start : start + width] for start in range(first, len(head), width)]
    return separator.join([*groups, tail])


def format_number(
    value: Amount | None,
    locale: str | None = None,
    decimals: int | None = None,
    *,
    by_lakh: bool | None = None,
) -> str:
    """``12,34,567.5`` in en-IN, ``1,234,567.5`` in en-US, ``1.234.567,5`` in de-DE; nothing gives "".

    ``decimals`` rounds half away from zero and pads; without it the value keeps the decimals it has.
    ``by_lakh`` overrides the grouping of the locale. Text that is no number is returned as it is.
    """
    number = to_decimal(value)
    if number is None:
        return "" if value is None else str(value)
    if decimals is not None:
        number = round_half_up(number, decimals)
    parsed = Locale.parse(locale)
    group, point = parsed.separators
    whole, _, fraction = f"{abs(number):f}".partition(".")
    text = group_digits(whole, group, by_lakh=parsed.groups_by_lakh if by_lakh is None else by_lakh)
    if fraction:
        text = f"{text}{point}{fraction}"
    return f"{MINUS}{text}" if number < 0 else text


def format_money(
    value: Amount | None, currency: str | None, locale: str | None = None, decimals: int | None = None
) -> str:
    """``₹ 12,34,567.00``, ``$1,234,567.00``, ``1.234.567,00 €``; nothing gives "".

    Rupees are grouped by lakh in every locale. ``decimals`` defaults to those of the currency.
    """
    number = to_decimal(value)
    if number is None:
        return "" if value is None else str(value)
    code = (currency or "").upper()
    symbol, places = CURRENCIES.get(code, (f"{code} " if code else "", 2))
    number = round_half_up(number, places if decimals is None else decimals)
    parsed = Locale.parse(locale)
    by_lakh = parsed.groups_by_lakh or code in LAKH_CURRENCIES
    text = format_number(abs(number), locale, by_lakh=by_lakh)
    if symbol and parsed.language in SYMBOL_AFTER:
        text = f"{text} {symbol.strip()}"
    else:
        text = f"{symbol}{text}"
    return f"{MINUS}{text}" if number < 0 else text


def timezone_of(value: Any) -> tzinfo:
    """A timezone from a name, a ``ZoneInfo`` or nothing; UTC when it is unknown."""
    if isinstance(value, tzinfo):
        return value
    try:
        return ZoneInfo(str(value)) if value else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def format_day(value: date | datetime | None, locale: str | None = None, timezone: Any = None) -> str:
    """``5 Jan 2025`` (``Jan 5, 2025`` in the United States); a moment is first moved to the timezone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = to_timezone(value, timezone)
    month = _month(value.month, get_language())
    if Locale.parse(locale).region == "US":
        return f"{month} {value.day}, {value.year}"
    return f"{value.day} {month} {value.year}"


@lru_cache(maxsize=1_024)
def _month(number: int, _language: str | None) -> str:
    """The short name of a month in the language in force."""
    return str(MONTHS_3[number]).title()


def format_moment(
    value: datetime | None, locale: str | None = None, timezone: Any = None, *, seconds: bool = False
) -> str:
    """``5 Jan 2025, 14:07`` in the timezone; ``Jan 5, 2025, 2:07 PM`` in the United States."""
    if value is None:
        return ""
    local = to_timezone(value, timezone)
    return f"{format_day(local.date(), locale)}, {format_clock(local, locale, seconds=seconds)}"


def format_clock(value: datetime, locale: str | None = None, *, seconds: bool = False) -> str:
    """``14:07``, ``2:07 PM`` in the United States; the value is taken as it stands."""
    tail = f":{value.second:02d}" if seconds else ""
    if Locale.parse(locale).region == "US":
        half = pgettext("hours", "AM") if value.hour < 12 else pgettext("hours", "PM")
        return f"{value.hour % 12 or 12}:{value.minute:02d}{tail} {half}"
    return f"{value.hour:02d}:{value.minute:02d}{tail}"


def _units(seconds: int) -> tuple[int, Callable[[int], str], Callable[[int], str]]:
    """The largest unit that fits, with its past and future wording."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return (
            minutes,
            lambda n: ngettext("%(n)d min ago", "%(n)d min ago", n),
            lambda n: ngettext("in %(n)d min", "in %(n)d min", n),
        )
    if hours < 24:
        return (
            hours,
            lambda n: ngettext("%(n)d h ago", "%(n)d h ago", n),
            lambda n: ngettext("in %(n)d h", "in %(n)d h", n),
        )
    return (
        days,
        lambda n: ngettext("%(n)d day ago", "%(n)d days ago", n),
        lambda n: ngettext("in %(n)d day", "in %(n)d days", n),
    )


def format_relative(
    value: datetime | None, now: datetime, locale: str | None = None, timezone: Any = None
) -> str:
    """``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``; beyond a week the day, ``in 2 h`` ahead.

    ``now`` is an aware moment; ``timezone`` decides the day that is shown beyond a week.
    """
    if value is None:
        return ""
    moment = _aware(value)
    apart = int((now - moment).total_seconds())
    distance = abs(apart)
    if distance < 60:
        return gettext("just now")
    if distance >= 7 * 86400:
        return format_day(moment, locale, timezone)
    count, past, future = _units(distance)
    return (past if apart > 0 else future)(count) % {"n": count}


def initials(name: str | None) -> str:
    """One or two letters for a person: first and last word (``Asha Rao`` → ``AR``, ``asha@x.in`` → ``A``)."""
    words = [
        word for word in (name or "").partition("@")[0].replace(".", " ").replace("_", " ").split() if word
    ]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper()


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def to_timezone(value: datetime, timezone: Any) -> datetime:
    """The same moment in a timezone; a naive one is taken as UTC."""
    return _aware(value).astimezone(timezone_of(timezone))
