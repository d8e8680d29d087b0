"""Choices as text, one per line: `value`, `value | label`, `value | label | parent; parent`, and `- value` for one that
is no longer offered. Cells copied from a spreadsheet, with a tab between them, are read the same."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.fields.definition import Choice

# A bar parts value and label; a line that begins with a hyphen is not offered. A backslash takes their meaning away.
BETWEEN = "|\t"
SEMICOLON = ";"


def choice_lines(choices: Iterable[Choice]) -> str:
    """Return choices as text, from which `read_choice_lines` reads the same ones."""
    return "\n".join(map(_line, choices))


def read_choice_lines(text: str) -> list[Choice]:
    """Return the choices of a text. Raises ValidationError for a line without a value."""
    return [_read(line.strip()) for line in text.split("\n") if line.strip()]


def parent_text(parents: Iterable[str]) -> str:
    """Return the values beside which a choice may stand as one text."""
    return "; ".join(parent.replace("\\", "\\\\").replace(";", "\\;") for parent in parents)


def read_parents(text: str) -> tuple[str, ...]:
    """Return the values that `parent_text` has written."""
    return tuple(_unescaped(part.strip()) for part in _parts(text, SEMICOLON) if part.strip())


def _line(choice: Choice) -> str:
    value = _escaped(choice.value)
    line = value if choice.label == choice.value else f"{value} | {_escaped(choice.label)}"
    if choice.parents:
        parents = "; ".join(_escaped(parent).replace(";", "\\;") for parent in choice.parents)
        line = f"{value} | {_escaped(choice.label)} | {parents}"
    if not choice.active:
        return f"- {line}"
    return f"\\{line}" if line.startswith("-") else line


def _read(line: str) -> Choice:
    is_offered = not line.startswith("-")
    given = [part.strip() for part in _parts(line if is_offered else line[1:], BETWEEN, most=3)]
    value, label, parents = (*given, "", "")[:3]
    value = _unescaped(value)
    if not value:
        raise ValidationError(_("A choice has no value. Write it before the bar."), code="no_value")
    return Choice(value, _unescaped(label) or value, is_offered, read_parents(parents))


def _parts(text: str, marks: str, most: int = 0) -> list[str]:
    """A text parted at marks that no backslash takes the meaning from; at most so many parts."""
    parts, is_escaped = [""], False
    for sign in text:
        if sign in marks and not is_escaped and len(parts) != most:
            parts.append("")
            continue
        parts[-1] += sign
        is_escaped = sign == "\\" and not is_escaped
    return parts


def _escaped(text: str) -> str:
    return re.sub(r"([\\|\t])", r"\\\1", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
