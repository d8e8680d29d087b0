"""What a column's name says: words, a key, and what the column is likely to be about."""

import re
import unicodedata
from collections.abc import Container, Mapping
from itertools import pairwise
from typing import Final

from leads.fields.checks.reading import column_name
from leads.fields.checks.settings import RESERVED_KEYS

LONGEST_KEY: Final = 60

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_E_MAIL = re.compile(r"\be[\s_-]+mail", re.IGNORECASE)
_NOT_OF_KEY = re.compile(r"[^a-z0-9]+")


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of a header by what they hint at. A hint alone decides nothing: the values must fit.
HINTS: Final[Mapping[str, frozenset[str]]] = {
    "phone": _set_of("phone mobile mob cell cellphone telephone tel whatsapp contact landline msisdn"),
    "url": _set_of("url website web site link linkedin homepage"),
    "day": _set_of("date dob doj doe dt birth birthday birthdate day"),
    "moment": _set_of("time timestamp at on created updated modified when datetime"),
    "money": _set_of(
        "amount amt income salary emi price fee fees cost budget premium balance revenue turnover payment paid"
        " ctc loan value inr rs rupees usd eur gbp wage rent deposit"
    )
    | {"₹", "$", "€", "£"},
    "no_money": _set_of(
        "score count months month years year tenure index rank rate percent days hours visits id code number no"
        " type purpose status"
    ),
    "percent": _set_of("percent percentage pct rate %"),
    "count": _set_of(
        "count visits visit views quantity qty times days months years age tenure children dependents"
        " dependants members employees minutes hours seconds spent attempts calls"
    ),
    "rating": _set_of("rating stars level grade priority"),
    "code": _set_of(
        "id no num number code pin pincode zip zipcode postal postcode account acct ref reference reg registration"
        " aadhaar aadhar uid uuid guid folio policy invoice order serial sr sl sno roll pan gst gstin ifsc licence"
        " license passport vehicle imei otp ssn ein key"
    ),
    "pin": _set_of("pin pincode zip zipcode postal postcode"),
    "aadhaar": _set_of("aadhaar aadhar uid"),
    "identifier": _set_of("id number no num ref reference uid uuid guid key code serial"),
    "prose": _set_of(
        "address remark remarks comment comments note notes description message feedback details query"
        " requirement requirements reason summary"
    ),
    "name": _set_of("name"),
    "birth": _set_of("dob birth birthday birthdate"),
    "private": _set_of(
        "pan aadhaar aadhar passport ssn account acct iban voter licence license dob birth birthday birthdate"
    ),
}
_COUNTS_OF = frozenset({"of"})

# Which core attribute a header names: the better the earlier. All words of an entry, in any order, and no other
# words than those of `_IDLE`.
ATTRIBUTE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        "full name", "name", "customer name", "lead name", "applicant name", "client name", "contact name",
        "borrower name", "student name", "candidate name", "person name", "contact person", "first name",
    ),
    "phone": (
        "mobile", "mobile phone", "phone", "contact", "whatsapp", "telephone", "cell", "cell phone", "primary phone",
        "primary mobile", "customer mobile", "customer phone", "contact phone", "contact mobile",
    ),
    "email": ("email", "mail", "primary email", "customer email", "contact email"),
    "amount": (
        "amount", "loan amount", "loan amt", "amt", "requested amount", "required amount", "deal amount", "deal value",
        "ticket size", "loan", "loan required", "budget",
    ),
    "city": ("city", "town", "current city", "location city", "city name", "residence city", "customer city"),
    "region": ("region", "state", "province", "zone", "state name", "region name"),
}  # fmt: skip
_IDLE = _set_of("no number num id address of the")


def words_of(header: str) -> tuple[str, ...]:
    """The words of a header in small letters: `TotalVisits` gives total and visits, `E-mail` gives email."""
    joined = _E_MAIL.sub("email", unicodedata.normalize("NFKC", header))
    spaced = _CAMEL.sub(" ", joined)
    words = [word.casefold() for word in _WORD.findall(spaced)]
    return (*words, *(sign for sign in "₹$€£%" if sign in header))


def hints(header: str, subject: str) -> bool:
    """Whether a header's words hint at a subject of `HINTS`."""
    words = words_of(header)
    if subject in ("code", "identifier") and _names_a_count(words):
        return False
    return not HINTS[subject].isdisjoint(words)


def _names_a_count(words: tuple[str, ...]) -> bool:
    """Whether `number` or `no` is how many there are, as in “Number of visits”."""
    return any(
        word in ("number", "no", "num") and follower in _COUNTS_OF for word, follower in pairwise(words)
    )


def attribute_rank(header: str, attribute: str) -> int | None:
    """How well a header names a core attribute (0 is best); None where it does not."""
    words = frozenset(words_of(header)) - {"₹", "$", "€", "£", "%"}
    for rank, name in enumerate(ATTRIBUTE_NAMES[attribute]):
        wanted = frozenset(name.split())
        if wanted <= words and words - wanted <= _IDLE:
            return rank
    return None


def key_for(header: str, letter: str, taken: Container[str]) -> str:
    """A key for a header that no field has, and no other name in `taken` (as `column_name` gives them).

    `letter` is the column's, for headers without a letter that keys may have.
    """
    plain = unicodedata.normalize("NFKD", " ".join(words_of(header))).encode("ascii", "ignore").decode()
    key = _NOT_OF_KEY.sub("_", plain).strip("_")
    if not key or not key[0].isalpha():
        key = f"column_{key or letter.lower()}"
    key = _shortened(key, LONGEST_KEY - 8)
    if key in RESERVED_KEYS:
        key = f"{key}_given"
    candidate, number = key, 1
    while candidate in RESERVED_KEYS or column_name(candidate) in taken:
        number += 1
        candidate = f"{key}_{number}"
    return candidate


def _shortened(key: str, length: int) -> str:
    """The key with as many whole words as fit."""
    if len(key) <= length:
        return key
    cut = key[: length + 1].rpartition("_")[0]
    return (cut or key[:length]).strip("_")
