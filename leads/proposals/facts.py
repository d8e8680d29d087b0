"""What was seen of a file, column by column: plain data, kept as JSON while somebody adjusts the proposal.

Everything here is counted over the whole file. What had no room is told (`…_complete`), never guessed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

Counted = list[tuple[str, int]]
"""Texts and in how many cells they stand, the most frequent first."""


@dataclass(slots=True)
class TrialFacts:
    """How a column would be read as one type: the cells that do not fit, and (the first of) their texts."""

    misfits: int = 0
    texts: Counted = field(default_factory=list)
    texts_complete: bool = True


@dataclass(slots=True)
class NumberFacts:
    """The numbers of a column, over its different values.

    `least` and `most` are plain decimals as text, `decimals` the most places that a value has, `text_decimals`
    the most that one has which is written as text: number cells may be rounded, texts not.
    """

    seen: int = 0
    least: str = ""
    most: str = ""
    decimals: int = 0
    text_decimals: int = 0
    with_currency: int = 0
    with_percent: int = 0
    indian_groups: int = 0
    leading_zeros: int = 0
    shortest: int = 0
    longest: int = 0


@dataclass(slots=True)
class PartFacts:
    """A column read as several choices in one cell: how many different values have a separator, and the parts."""

    separated: int = 0
    separator: str = ""
    parts: Counted = field(default_factory=list)
    parts_complete: bool = True
    uses: int = 0
    longest: int = 0
    without_part: int = 0


@dataclass(slots=True)
class ColumnFacts:
    """One column. `filled`, `blank` and the counts of `errors` add up to the rows of the file."""

    position: int
    header: str
    filled: int = 0
    blank: int = 0
    # Different values, case and spaces at the ends aside; approximate where `distinct_exact` is false.
    distinct: int = 0
    distinct_exact: bool = True
    # Whether no value stands twice; None where there was no room to be sure.
    all_different: bool | None = None
    # Different cells as they were written: what shares below are of.
    looked: int = 0
    longest: int = 0
    length_sum: int = 0
    has_lines: bool = False
    spaced: int = 0
    values: Counted = field(default_factory=list)
    values_complete: bool = True
    # The spellings that were brought together under one, by it.
    spellings: dict[str, list[str]] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    errors: Counted = field(default_factory=list)
    errors_complete: bool = True
    unreadable: int = 0
    trials: dict[str, TrialFacts] = field(default_factory=dict)
    numbers: NumberFacts | None = None
    parts: PartFacts | None = None
    # Different values that are made of digits alone; that are phone numbers in use; that begin as web addresses
    # do; that can be nothing but times of day.
    bare_digits: int = 0
    sure_phones: int = 0
    sure_addresses: int = 0
    marked_clocks: int = 0

    @property
    def error_cells(self) -> int:
        """Cells that show an error."""
        return sum(count for _text, count in self.errors)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Return the facts that `written` gave."""
        known = {name: written[name] for name in (item.name for item in fields(cls)) if name in written}
        known["trials"] = {name: _trial(each) for name, each in known.get("trials", {}).items()}
        for name in ("values", "errors"):
            known[name] = [(text, count) for text, count in known.get(name, [])]
        if known.get("numbers"):
            known["numbers"] = NumberFacts(**known["numbers"])
        if known.get("parts"):
            parts = dict(known["parts"])
            parts["parts"] = [(text, count) for text, count in parts["parts"]]
            known["parts"] = PartFacts(**parts)
        return cls(**known)


def _trial(written: Mapping[str, Any]) -> TrialFacts:
    return TrialFacts(
        written["misfits"], [(text, count) for text, count in written["texts"]], written["texts_complete"]
    )


@dataclass(slots=True)
class FileFacts:
    """A file as it was seen: its header, its rows, its columns.

    `without_name` are (letter, filled cells) of columns that have no header; `rows_beyond` is how many rows go
    on behind the header's last column.
    """

    filename: str
    kind: str
    sheet: str
    header_row: int
    rows: int
    columns: list[ColumnFacts]
    without_name: list[tuple[str, int]] = field(default_factory=list)
    rows_beyond: int = 0
    notices: list[str] = field(default_factory=list)

    def written(self) -> dict[str, Any]:
        """The facts as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Return the facts that `written` gave."""
        known = dict(written)
        known["columns"] = [ColumnFacts.read(each) for each in known["columns"]]
        known["without_name"] = [(letter, count) for letter, count in known["without_name"]]
        return cls(**known)
