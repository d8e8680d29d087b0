"""Watching one column go by: every cell counted, every different cell tried, in memory that does not grow.

Different cells are kept with their counts up to a number; a cell that was seen costs one look-up, a new one is
tried by each way of reading that is still alive. Beyond that number new cells are tried and forgotten.
"""

import heapq
from array import array
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Final

from core.intake.cells import storable
from core.rules import normalise_text
from core.rules.values import is_storable_text
from core.values import Cell, CellError, Coerced, PercentNumber, Refused, cell_text, phone, strip_text
from core.values import text as read_text
from core.values.cells import finite_number, plain_text, shortest_decimal
from core.values.number_text import read_number
from leads.fields.limits import LONGEST_LONG_TEXT
from leads.proposals import trials as ways
from leads.proposals.facts import ColumnFacts, NumberFacts, PartFacts, TrialFacts
from leads.proposals.trials import Trial, live

MOST_DIFFERENT: Final = 5_000
"""Different cells of a column whose counts are kept; fewer where a file has many columns."""

MOST_KEPT_TEXT: Final = 200
"""Characters of a text that may become a choice; longer ones are not kept."""

MOST_LISTED: Final = 200
"""Different values that are listed in the facts: no more make a choice."""

MOST_ERRORS: Final = 20
LARGEST_KEPT_SHARE: Final = 0.2
"""Of the filled cells: what does not fit more of them than this is not spoken of."""

LONGEST_EMPTY: Final = 100
"""Characters of a text that a field may be told to take for empty."""

MOST_PARTS: Final = 200
MOST_HASHES: Final = 8_000_000
"""Fingerprints of values that all columns of a file may keep to be sure that nothing stands twice: 64 MB."""

_QUICK_HASHES: Final = 50_000
_SMALLEST: Final = 1_024
_HASH_RANGE: Final = 2.0**64
_EXAMPLES: Final = 5
_EXAMPLE_LENGTH: Final = 80
_LISTED_MISFITS: Final = 20
_SEPARATORS = (";", "|", "\n", ",")


class HashBudget:
    """How many fingerprints the columns of a file may still keep."""

    def __init__(self, left: int = MOST_HASHES) -> None:
        self.left = left

    def take(self) -> bool:
        """Whether one more may be kept."""
        self.left -= 1
        return self.left >= 0


class Differences:
    """Whether a value stands twice, and about how many different ones there are."""

    def __init__(self, budget: HashBudget) -> None:
        self._budget = budget
        self._quick: set[int] | None = set()
        self._hashes = array("q")
        self._is_sure = True
        self.repeats = False
        # The smallest fingerprints tell how many there are: the more values, the smaller they get.
        self._smallest: list[int] = []
        self._among_smallest: set[int] = set()

    def add(self, value: str) -> None:
        """Take the comparable form of a value that may be new."""
        fingerprint = hash(value)
        self._estimate(fingerprint)
        if self.repeats:
            return
        if self._quick is not None:
            if fingerprint in self._quick:
                self._end()
                return
            self._quick.add(fingerprint)
            if len(self._quick) >= _QUICK_HASHES:
                self._hashes.extend(self._quick)
                self._quick = None
        elif not self._is_sure or not self._budget.take():
            self._is_sure = False
            self._hashes = array("q")
        else:
            self._hashes.append(fingerprint)

    def _end(self) -> None:
        self.repeats = True
        self._quick = None
        self._hashes = array("q")

    def _estimate(self, fingerprint: int) -> None:
        smallest = self._smallest
        if fingerprint in self._among_smallest:
            return
        if len(smallest) < _SMALLEST:
            heapq.heappush(smallest, -fingerprint)
            self._among_smallest.add(fingerprint)
        elif fingerprint < -smallest[0]:
            self._among_smallest.add(fingerprint)
            self._among_smallest.discard(-heapq.heapreplace(smallest, -fingerprint))

    def all_different(self) -> bool | None:
        """Whether nothing stood twice; None where there was no room to be sure."""
        if self.repeats:
            return False
        if self._quick is not None:
            return True
        if not self._is_sure:
            return None
        ordered = sorted(self._hashes)
        return all(first != second for first, second in pairwise(ordered))

    def count(self) -> int:
        """About how many different values there were."""
        if len(self._smallest) < _SMALLEST:
            return len(self._smallest)
        share = (-self._smallest[0] + _HASH_RANGE / 2) / _HASH_RANGE
        return round((_SMALLEST - 1) / share) if share > 0 else _SMALLEST


class ColumnWatch:
    """One column of a file that is being looked at."""

    def __init__(
        self, position: int, header: str, trials: list[Trial], budget: HashBudget, *, room: int, region: str
    ) -> None:
        self.position = position
        self.header = header
        self.region = region
        self.counts: dict[object, int] = {}
        self._room = room
        self._trials = trials
        self._differences = Differences(budget)
        self._errors: Counter[str] = Counter()
        self._unlisted_errors = 0
        self._unkept = 0
        self._unkept_blank = 0
        self._facts = ColumnFacts(position, header)
        self._numbers = NumberFacts()
        self._least: Decimal | None = None
        self._most: Decimal | None = None
        self._parts: Counter[str] = Counter()
        self._part_facts = PartFacts()
        self._blank_keys: set[object] = set()

    def take(self, cell: Cell) -> None:
        """Take a cell that is not None."""
        key: object = cell if type(cell) is str else (type(cell), cell)
        seen = self.counts.get(key)
        if seen is not None:
            self.counts[key] = seen + 1
        elif isinstance(cell, CellError):
            self._take_error(cell)
        else:
            self._take_new(key, cell)

    def _take_error(self, cell: CellError) -> None:
        text = cell.text.strip()
        known = text in self._errors or len(self._errors) < MOST_ERRORS
        if known and 0 < len(text) <= LONGEST_EMPTY and storable(text) == text:
            self._errors[text] += 1
        else:
            self._unlisted_errors += 1

    def _take_new(self, key: object, cell: Cell) -> None:
        read = read_text(cell)
        text = read.value if isinstance(read, Coerced) else None
        kept = len(self.counts) < self._room and (not isinstance(cell, str) or len(cell) <= MOST_KEPT_TEXT)
        if kept:
            self.counts[key] = 1
        else:
            self._unkept += 1
        if isinstance(read, Refused) or (text is not None and not is_storable_text(text)):
            self._facts.unreadable += 1
            return
        if text is None:
            if kept:
                self._blank_keys.add(key)
            else:
                self._unkept_blank += 1
            if isinstance(cell, str) and not strip_text(cell):
                return
            text = ""
        self._facts.looked += 1
        self._note_text(text)
        self._try(key, cell, text, kept)

    def _note_text(self, text: str) -> None:
        facts = self._facts
        if not text:
            return
        self._differences.add(normalise_text(text))
        length = len(text)
        facts.longest = max(facts.longest, length)
        facts.length_sum += length
        facts.has_lines = facts.has_lines or "\n" in text
        facts.spaced += " " in text
        if len(facts.examples) < _EXAMPLES:
            facts.examples.append(text[:_EXAMPLE_LENGTH])
        if length > LONGEST_LONG_TEXT:
            facts.unreadable += 1

    def _try(self, key: object, cell: Cell, text: str, kept: bool) -> None:
        missed = is_number = False
        for trial in self._trials:
            if trial.accepts(cell, text):
                is_number = is_number or trial.name in (ways.NUMBER, ways.PERCENT)
                self._note_fit(trial.name, cell, text)
            else:
                missed = True
                trial.miss(key if kept else None, text)
        if missed:
            self._trials = live(self._trials, self._facts.looked)
        if is_number:
            self._note_number(cell, text)
        self._facts.bare_digits += text.isdigit()
        self._note_parts(cell)

    def _note_fit(self, way: str, cell: Cell, text: str) -> None:
        facts = self._facts
        if way == ways.PHONE:
            read = phone(cell, self.region)
            digits = sum(character.isdigit() for character in text)
            facts.sure_phones += isinstance(read, Coerced) and read.warning is None and digits >= 10
        elif way == ways.URL:
            facts.sure_addresses += text.casefold().startswith(("http://", "https://", "www."))
        elif way == ways.TIME:
            facts.marked_clocks += ":" in text or text[-1:].casefold() == "m"

    def _note_number(self, cell: Cell, text: str) -> None:
        numbers = self._numbers
        if isinstance(cell, str):
            written = read_number(text)
            if written is None:
                return
            value = written.value
            numbers.with_currency += written.has_currency
            numbers.with_percent += written.has_percent
            numbers.indian_groups += _has_indian_groups(text)
            numbers.leading_zeros += len(text) > 1 and text.isdigit() and text[0] == "0"
            numbers.text_decimals = max(numbers.text_decimals, _places(value))
        else:
            number = finite_number(cell)
            if number is None:
                return
            value = shortest_decimal(number) if isinstance(number, float) else Decimal(number)
            if isinstance(cell, PercentNumber):
                value = value.scaleb(2)
                numbers.with_percent += 1
        numbers.seen += 1
        numbers.decimals = max(numbers.decimals, _places(value))
        numbers.longest = max(numbers.longest, len(text))
        numbers.shortest = min(numbers.shortest or len(text), len(text))
        self._least = value if self._least is None else min(self._least, value)
        self._most = value if self._most is None else max(self._most, value)

    def _note_parts(self, cell: Cell) -> None:
        facts = self._part_facts
        if not facts.parts_complete:
            return
        parts = _parts(cell) if isinstance(cell, str) else None
        if parts is None:
            facts.parts_complete = False
            return
        if len(parts) > 1:
            facts.separated += 1
            facts.separator = facts.separator or next(each for each in _SEPARATORS if each in str(cell))
        facts.without_part += not parts
        facts.uses += len(parts)
        for part in parts:
            facts.longest = max(facts.longest, len(part))
            self._parts[part] += 1
        if len(self._parts) > MOST_PARTS:
            facts.parts_complete = False

    def facts(self, rows: int) -> ColumnFacts:
        """What was seen, in a file of `rows` data rows."""
        facts = self._facts
        facts.errors = self._errors.most_common()
        facts.errors_complete = not self._unlisted_errors
        cells = sum(self.counts.values()) + self._unkept
        blank = sum(self.counts[key] for key in self._blank_keys) + self._unkept_blank
        facts.filled = cells - blank
        facts.blank = rows - facts.filled - facts.error_cells - self._unlisted_errors
        self._list_values(facts)
        tried = {trial.name: self._trial_facts(trial) for trial in self._trials}
        most = facts.filled * LARGEST_KEPT_SHARE
        facts.trials = {name: each for name, each in tried.items() if each.misfits <= most}
        if self._numbers.seen and self._least is not None and self._most is not None:
            self._numbers.least, self._numbers.most = _shown(self._least), _shown(self._most)
            facts.numbers = self._numbers
        if self._part_facts.parts_complete and self._part_facts.separated:
            self._part_facts.parts = self._parts.most_common()
            facts.parts = self._part_facts
        return facts

    def _list_values(self, facts: ColumnFacts) -> None:
        groups: dict[str, Counter[str]] = {}
        facts.spellings = {}
        for key, count in self.counts.items():
            if key in self._blank_keys:
                continue
            text = _text_of(key)
            if text is not None:
                groups.setdefault(normalise_text(text), Counter())[text] += count
        counted = Counter(
            {self._spelling(spellings, facts): sum(spellings.values()) for spellings in groups.values()}
        )
        facts.values_complete = not self._unkept and len(groups) <= MOST_LISTED
        facts.values = counted.most_common(MOST_LISTED if facts.values_complete else _EXAMPLES)
        if not facts.values_complete:
            facts.spellings = {}
        facts.all_different = self._all_different(counted)
        facts.distinct_exact = not self._unkept or facts.all_different is True
        facts.distinct = (
            facts.filled
            if facts.all_different
            else len(groups)
            if not self._unkept
            else self._differences.count()
        )
        if not self._unkept and (facts.values_complete or counted.total() > 2 * len(counted)):
            facts.examples = [text[:_EXAMPLE_LENGTH] for text, _count in counted.most_common(_EXAMPLES)]

    @staticmethod
    def _spelling(spellings: Counter[str], facts: ColumnFacts) -> str:
        """The most frequent of the spellings of one value, the first of equals."""
        first, *others = [text for text, _count in spellings.most_common()]
        if others:
            facts.spellings[first] = others[:_EXAMPLES]
        return first

    def _all_different(self, counted: Counter[str]) -> bool | None:
        if any(count > 1 for count in counted.values()):
            return False
        return self._differences.all_different()

    def _trial_facts(self, trial: Trial) -> TrialFacts:
        """What does not fit, each text under its most frequent spelling."""
        groups: dict[str, Counter[str]] = {}
        written = Counter(trial.overflowed)
        for key in trial.misfits:
            written[_written(key)] += self.counts[key]
        for text, count in written.items():
            groups.setdefault(normalise_text(text), Counter())[text] += count
        texts = Counter({each.most_common(1)[0][0]: each.total() for each in groups.values()})
        listed = texts.most_common(_LISTED_MISFITS)
        complete = len(texts) <= _LISTED_MISFITS and not trial.overflowed
        return TrialFacts(texts.total(), listed, texts_complete=complete)


def _text_of(key: object) -> str | None:
    """The text of a kept cell, as fields of text and choices store it."""
    cell = key[1] if isinstance(key, tuple) else key
    read = read_text(cell)  # type: ignore[arg-type]
    return read.value if isinstance(read, Coerced) else None


def _written(key: object) -> str:
    """What a person reads in a kept cell, as `empty_values` compares it."""
    cell = key[1] if isinstance(key, tuple) else key
    return cell_text(cell).strip()  # type: ignore[arg-type]


def _parts(text: str) -> list[str] | None:
    """The parts of a text as a field of several choices takes them; None where one is none that it may have."""
    separator = next((each for each in _SEPARATORS if each in text), None)
    read = [read_text(part) for part in (text.split(separator) if separator else [text])]
    if any(isinstance(part, Refused) for part in read):
        return None
    return [part.value for part in read if isinstance(part, Coerced) and part.value]


def _has_indian_groups(text: str) -> bool:
    """Whether a number is written as 1,25,000, which only Indian digit grouping does."""
    groups = text.split(".")[0].split(",")
    return len(groups) > 2 and len(groups[-2].strip()) == 2


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _shown(value: Decimal) -> str:
    return plain_text(value.normalize() if value else Decimal(0))
