"""Places in a list, as addresses carry them: opaque to clients, never trusted."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import FieldError, ValidationFailed
from core.rules.values import is_storable_text

LONGEST = 2_000
LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class CountEstimate:
    """How many leads a list has: exactly `number`, or at least so many."""

    number: int
    is_exact: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'' if self.is_exact else '+'}"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two leads: after (or, `backwards`, before) the lead with this key in this section.

    `key` holds JSON values; the section that made it reads them. `count` travels along, so that only the
    first page counts.
    """

    ordering: str
    section: int
    key: tuple[Any, ...]
    backwards: bool
    count: CountEstimate | None = None

    def __str__(self) -> str:
        content = {"o": self.ordering, "s": self.section, "k": self.key, "b": int(self.backwards)}
        if self.count:
            content["n"] = [self.count.number, int(self.count.is_exact)]
        packed = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def wrong_cursor() -> ValidationFailed:
    """The answer to a cursor that is none of this list's."""
    message = "This page of the list is gone. Start at the first page again: leave the cursor out."
    return ValidationFailed("invalid_cursor", message, {"cursor": [FieldError("invalid_cursor", message)]})


def read_cursor(text: str, ordering: str) -> Cursor | None:
    """Return the place that `text` says, None for no text. Raises ValidationFailed for any other text."""
    if not text:
        return None
    if len(text) > LONGEST or not text.isascii():
        raise wrong_cursor()
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise wrong_cursor() from None
    if not isinstance(content, Mapping) or content.get("o") != ordering:
        raise wrong_cursor()
    section, key, backwards = content.get("s"), content.get("k"), content.get("b")
    if (
        section not in (0, 1)
        or backwards not in (0, 1)
        or not isinstance(key, list)
        or not all(map(_is_plain, key))
    ):
        raise wrong_cursor()
    return Cursor(ordering, int(section), tuple(key), bool(backwards), _count(content.get("n")))


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return is_storable_text(value)
    return isinstance(value, int) and abs(value) < LARGEST


def _count(written: Any) -> CountEstimate | None:
    match written:
        case [int(number), 0 | 1 as exact] if 0 <= number < LARGEST:
            return CountEstimate(number, bool(exact))
    return None
