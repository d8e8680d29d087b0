"""Which character separates the values of a text file, by its first records."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

CANDIDATES: Final = (",", ";", "\t", "|")
SAMPLE_RECORDS: Final = 50

_DECLARED = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the values of a text file are separated.

    `declared` says that the first line is Excel's `sep=;`, which Excel does not show and which is not a row.
    """

    delimiter: str
    declared: bool = False
    space_after_delimiter: bool = False


def sniff_dialect(sample: str) -> Dialect:
    """The dialect of a text by its beginning; a comma where nothing separates.

    The candidate wins that splits most records into the same number of values, and of equals the one that
    splits them into most, so that neither title lines nor commas inside amounts decide.
    """
    lines = list(io.StringIO(sample, newline=""))
    declared = _DECLARED.fullmatch(lines[0].rstrip("\r\n")) if lines else None
    if declared:
        return Dialect(
            declared[1], declared=True, space_after_delimiter=_has_spaced_quotes(sample, declared[1])
        )
    scores = {candidate: _score(lines, candidate) for candidate in CANDIDATES}
    best = max(CANDIDATES, key=lambda candidate: scores[candidate])
    return Dialect(best, space_after_delimiter=_has_spaced_quotes(sample, best))


def _score(lines: Iterable[str], delimiter: str) -> tuple[int, int]:
    """How many records have the commonest number of values above one, and that number."""
    widths: Counter[int] = Counter()
    try:
        for number, record in enumerate(csv.reader(lines, delimiter=delimiter)):
            if number == SAMPLE_RECORDS:
                break
            if len(record) > 1:
                widths[len(record)] += 1
    except csv.Error:
        return (0, 0)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _has_spaced_quotes(sample: str, delimiter: str) -> bool:
    """Whether quotes stand after a delimiter and a space, and never right after a delimiter."""
    return f'{delimiter} "' in sample and f'{delimiter}"' not in sample
