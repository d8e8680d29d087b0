"""What people write down: trimmed, bounded, storable."""

from core.errors import FieldError, ValidationFailed
from core.rules.values import is_storable_text


def written_text(name: str, text: str, *, longest: int) -> str:
    """Return the text as it is stored. Raises ValidationFailed, the problem under `name`."""
    trimmed = text.replace("\r\n", "\n").strip()
    if not trimmed:
        raise _refusal(name, "blank", "Write something.")
    if len(trimmed) > longest:
        raise _refusal(
            name, "max_length", f"Write at most {longest:,} characters; these are {len(trimmed):,}."
        )
    if not is_storable_text(trimmed):
        raise _refusal(name, "invalid", "There is a character in it that cannot be stored. Type it anew.")
    return trimmed


def _refusal(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid", message, {name: [FieldError(code, message)]})
