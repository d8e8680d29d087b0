"""Which cell styles of a workbook make a number a date, a duration or a percentage."""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

from core.intake.readers.xml_parts import Element


class NumberKind(Enum):
    """What the number of a cell stands for, by its format."""

    PLAIN = "plain"
    MOMENT = "moment"
    DURATION = "duration"
    PERCENT = "percent"


BUILT_IN_KINDS: Final[dict[int, NumberKind]] = {
    **dict.fromkeys([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)], NumberKind.MOMENT),
    46: NumberKind.DURATION,
    **dict.fromkeys([9, 10], NumberKind.PERCENT),
}
"""What the formats are that no workbook writes out, by their numbers."""

_LITERALS = re.compile(r'"[^"]*"|\\.|[_*].')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[dmyhs]", re.IGNORECASE)
_FRACTION = re.compile(r"(?<=[sS])\.0+")


def kind_of_format(code: str) -> NumberKind:
    """What a number format code shows: `dd-mm-yyyy` a moment, `[h]:mm` a duration, `0.0%` a percentage."""
    section = _LITERALS.sub("", code).split(";")[0]
    if _ELAPSED.search(section):
        return NumberKind.DURATION
    bare = _FRACTION.sub("", _BRACKETS.sub("", section))
    if "%" in bare:
        return NumberKind.PERCENT
    if bare.strip().lower() == "general" or re.search(r"[0#?]", bare):
        return NumberKind.PLAIN
    return NumberKind.MOMENT if _DATE_LETTERS.search(bare) else NumberKind.PLAIN


def kinds_of_styles(elements: Iterable[Element]) -> list[NumberKind]:
    """The kind of each cell style, by the index that cells name in their `s` attribute."""
    codes = dict(BUILT_IN_KINDS)
    kinds: list[NumberKind] = []
    for element in elements:
        if element.parent == "numFmts":
            number = int(element.attributes.get("numFmtId", "0"))
            codes[number] = kind_of_format(element.attributes.get("formatCode", ""))
        elif element.parent == "cellXfs" and element.name == "xf":
            number = int(element.attributes.get("numFmtId", "0"))
            kinds.append(codes.get(number, NumberKind.PLAIN))
    return kinds
