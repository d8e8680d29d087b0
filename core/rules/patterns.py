"""Patterns of the `matches` operator: RE2 only, which takes time linear in the text, whatever the pattern.

A pattern is searched for anywhere in the text, as it is stored: `^` and `$` anchor it, `(?i)` ignores case.
"""

from collections.abc import Callable
from functools import lru_cache

import re2

MAX_PATTERN_LENGTH = 1_000


class PatternError(ValueError):
    """The pattern cannot be used; the message says why."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether the pattern occurs in a text. Raises PatternError."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise PatternError(f"A pattern may have at most {MAX_PATTERN_LENGTH:,} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        raise PatternError(f"RE2 does not accept this pattern: {_reason(error)}.") from error

    def occurs(text: str) -> bool:
        try:
            return search(text) is not None
        except UnicodeEncodeError:  # half of a surrogate pair: no stored text has one
            return False

    return occurs


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
