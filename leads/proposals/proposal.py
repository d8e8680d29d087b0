"""The fields that a file speaks for: put together from its columns, each with its evidence.

`propose` is pure: facts and a few settings of the organisation in, a proposal out. `ProposedField.definition`
is what `leads.services.proposing` writes; nothing in it refuses a row of the file it comes from.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.intake.matching import normalized_name
from core.intake.readers import column_letter
from core.values import DateOrder
from leads.fields.checks.reading import column_name
from leads.fields.checks.settings import MAPPED_TYPES, RESERVED_COLUMNS, suits
from leads.fields.line import CORE_ATTRIBUTES
from leads.fields.types import FIELD_TYPES
from leads.models import FieldKind
from leads.proposals.deciding import decide, is_different
from leads.proposals.facts import ColumnFacts, Counted, FileFacts
from leads.proposals.names import attribute_rank, hints, key_for
from leads.proposals.readings import OFFERED, USUAL_DECIMALS, Reading, read_as

LONGEST_LABEL: Final = 200
FEWEST_ROWS: Final = 5
"""Of fewer rows nothing is claimed: neither that a field is required nor that it identifies a lead."""

MOST_INDEXED: Final = 12
"""Each indexed field is a row more per lead, in the database and in the time of every import."""

FEWEST_FOR_RANGES: Final = 20
LARGEST_NEARLY: Final = 0.1
LONGEST_IDENTIFIER: Final = 64
_LOPSIDED: Final = 0.95
_HALF: Final = 0.5

# Sorts of filters, and how many of each come before a second look.
_IDENTIFIERS, _CHOICES, _DAYS, _NUMBER_SORT, _ANSWERS = range(5)
_INDEXED_OF_A_SORT: Final = {_IDENTIFIERS: 2, _CHOICES: 5, _DAYS: 2, _NUMBER_SORT: 3, _ANSWERS: 2}
_SORTS: Final = {
    FieldKind.SELECT: _CHOICES,
    FieldKind.MULTI_SELECT: _CHOICES,
    FieldKind.DATE: _DAYS,
    FieldKind.DATETIME: _DAYS,
    FieldKind.INTEGER: _NUMBER_SORT,
    FieldKind.DECIMAL: _NUMBER_SORT,
    FieldKind.MONEY: _NUMBER_SORT,
    FieldKind.PERCENT: _NUMBER_SORT,
    FieldKind.BOOLEAN: _ANSWERS,
}

_NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.MONEY, FieldKind.PERCENT)
_TYPED = tuple(
    kind
    for kind in OFFERED
    if kind not in (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.SELECT, FieldKind.MULTI_SELECT)
)


@dataclass(frozen=True, slots=True)
class Nearly:
    """A type that nearly all values have: `misfits` rows would be refused under it."""

    kind: FieldKind
    misfits: int
    texts: Counted


@dataclass(slots=True)
class ProposedField:
    """A column as a field: its settings, and the column that they were read from.

    `exists` says that the line has a field for the column already, which stays as it is.
    """

    column: ColumnFacts
    reading: Reading
    key: str
    label: str
    required: bool = False
    unique: bool = False
    indexed: bool = False
    pii: bool = False
    maps_to: str = ""
    min: str = ""
    max: str = ""
    nearly: Nearly | None = None
    exists: bool = False

    @property
    def kind(self) -> FieldKind:
        """The proposed type."""
        return self.reading.kind

    @property
    def empty(self) -> Counted:
        """The texts that mean empty, with the cells that they stand in."""
        return [*self.reading.fit.empty, *self.column.errors]

    def settings(self) -> dict[str, Any]:
        """The settings beside key, label and type, in the configuration file's form; those that say something."""
        given: dict[str, Any] = {
            "required": self.required,
            "unique": self.unique,
            "indexed": self.indexed,
            "pii": self.pii,
            "maps_to": self.maps_to,
            "min": self.min,
            "max": self.max,
            **self.reading.settings,
            "empty_values": [text for text, _count in self.empty],
        }
        return {name: value for name, value in given.items() if value and suits(name, self.kind)}

    def definition(self) -> dict[str, Any]:
        """The field in the configuration file's form."""
        return {"key": self.key, "label": self.label, "type": self.kind.value, **self.settings()}


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that becomes no field, and why: a code of `leads.proposals.wording`."""

    letter: str
    header: str
    reason: str
    filled: int = 0
    attribute: str = ""
    column: ColumnFacts | None = None


@dataclass(slots=True)
class Proposal:
    """What a file proposes for a line."""

    facts: FileFacts
    fields: list[ProposedField]
    dropped: list[Dropped]
    duplicate_match: list[str] = field(default_factory=list)

    @property
    def identifiers(self) -> list[ProposedField]:
        """The fields whose values identify a lead."""
        return [item for item in self.fields if item.unique]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a person says of one column against the proposal; None: as proposed."""

    keep: bool | None = None
    kind: FieldKind | None = None


def propose(
    facts: FileFacts,
    *,
    usual_order: DateOrder = "DMY",
    existing: Mapping[str, str] | None = None,
    adjustments: Mapping[int, Adjustment] | None = None,
) -> Proposal:
    """Return the fields that a file speaks for.

    Args:
        usual_order: how the organisation writes dates, where the file's could be either.
        existing: by normalised name of a column, the key of the field that the line has for it.
        adjustments: by position of a column, what a person decided about it.
    """
    return _Proposing(facts, usual_order, existing or {}, adjustments or {}).proposal()


def required_columns(columns: Sequence[ColumnFacts], *, usual_order: DateOrder = "DMY") -> list[int]:
    """Return the positions of the columns that would be required."""
    facts = FileFacts("", "", "", 1, _rows_of(columns), list(columns))
    return [item.column.position for item in propose(facts, usual_order=usual_order).fields if item.required]


def _rows_of(columns: Sequence[ColumnFacts]) -> int:
    return max((column.filled + column.blank + column.error_cells for column in columns), default=0)


class _Proposing:
    """One proposal on its way."""

    def __init__(
        self,
        facts: FileFacts,
        usual_order: DateOrder,
        existing: Mapping[str, str],
        adjustments: Mapping[int, Adjustment],
    ) -> None:
        self.facts = facts
        self.usual_order = usual_order
        self.existing = existing
        self.adjustments = adjustments
        self.fields: list[ProposedField] = []
        self.dropped: list[Dropped] = []
        # Whose a name of columns is: keys, labels and core attributes are one room.
        self.names: dict[str, int] = {}

    def proposal(self) -> Proposal:
        for column in self._kept_columns():
            self._add(column)
        self._claim_keys()
        for attribute in CORE_ATTRIBUTES:
            self._map(attribute)
        for item in self.fields:
            if not item.exists:
                self._constrain(item)
        self._choose_indexed()
        self.dropped += [
            Dropped(letter, "", "no_header" if filled else "no_header_no_values", filled)
            for letter, filled in self.facts.without_name
        ]
        return Proposal(self.facts, self.fields, self.dropped, self._duplicate_match())

    def _kept_columns(self) -> list[ColumnFacts]:
        reasons = {column.position: self._drop_reason(column) for column in self.facts.columns}
        kept = []
        for column in self.facts.columns:
            reason = reasons[column.position]
            decided = self.adjustments.get(column.position, Adjustment()).keep
            may_keep = reason in ("", "no_values") or (reason == "unreadable" and decided)
            if may_keep and (decided if decided is not None else not reason):
                kept.append(column)
            else:
                attribute = normalized_name(column.header) if reason == "attribute" else ""
                letter = column_letter(column.position)
                self.dropped.append(
                    Dropped(letter, column.header, reason or "left_out", column.filled, attribute, column)
                )
        return kept

    def _drop_reason(self, column: ColumnFacts) -> str:
        name = column_name(column.header)
        if normalized_name(column.header) in RESERVED_COLUMNS:
            return "attribute"
        if len(column.header) > LONGEST_LABEL:
            return "long_name"
        if not name or self.names.setdefault(name, column.position) != column.position:
            return "same_name"
        if not column.filled and column.errors_complete:
            return "no_values"
        return "unreadable" if column.unreadable or not column.errors_complete else ""

    def _add(self, column: ColumnFacts) -> None:
        reading = decide(column, self.usual_order)
        chosen = self.adjustments.get(column.position, Adjustment()).kind
        nearly = self._nearly(column, reading)
        if chosen is not None and chosen is not reading.kind:
            reading, nearly = read_as(column, chosen, self.usual_order), None
        label = " ".join(column.header.split())
        item = ProposedField(column, reading, "", label, nearly=nearly)
        known = self.existing.get(normalized_name(column.header))
        if known is not None:
            item.exists, item.key = True, known
        self.fields.append(item)

    def _nearly(self, column: ColumnFacts, reading: Reading) -> Nearly | None:
        """A stricter type that all but a few values have, where the column became text or choices."""
        if reading.kind in _TYPED or reading.pattern:
            return None
        best: Nearly | None = None
        for kind in (
            FieldKind.EMAIL,
            FieldKind.DATE,
            FieldKind.DATETIME,
            FieldKind.PHONE,
            FieldKind.INTEGER,
            FieldKind.DECIMAL,
        ):
            fit = read_as(column, kind, self.usual_order).fit
            few = 0 < fit.misfits <= LARGEST_NEARLY * column.filled and not fit.is_whole
            if kind is FieldKind.PHONE and column.sure_phones < _HALF * column.looked:
                continue
            if few and (best is None or fit.misfits < best.misfits):
                best = Nearly(kind, fit.misfits, fit.texts)
        return best

    def _claim_keys(self) -> None:
        for item in self.fields:
            if item.exists:
                self.names[column_name(item.key)] = item.column.position
        for item in self.fields:
            if item.exists:
                continue
            others = {name for name, owner in self.names.items() if owner != item.column.position}
            item.key = key_for(item.label, column_letter(item.column.position), others)
            self.names[column_name(item.key)] = item.column.position

    def _map(self, attribute: str) -> None:
        """Let the column fill a core attribute that names it best, if one does and its values suit."""
        ranked = [
            (rank, item.column.position, item)
            for item in self.fields
            if not item.exists
            and not item.maps_to
            and item.kind in MAPPED_TYPES[attribute]
            and (rank := attribute_rank(item.column.header, attribute)) is not None
            and self.names.get(attribute, item.column.position) == item.column.position
        ]
        if attribute in ("phone", "email") and not ranked:
            # What holds phone numbers or addresses fills the attribute under any name.
            ranked = [
                (0, item.column.position, item)
                for item in self.fields
                if not item.exists and item.kind.value == attribute and attribute not in self.names
            ]
        if not ranked or attribute in self.existing.values():
            return
        best = min(ranked, key=lambda found: found[:2])[2]
        if attribute == "amount" and best.reading.settings.get("decimals", USUAL_DECIMALS) != USUAL_DECIMALS:
            return
        best.maps_to = attribute
        self.names[attribute] = best.column.position

    def _constrain(self, item: ProposedField) -> None:
        column, kind = item.column, item.kind
        enough = self.facts.rows >= FEWEST_ROWS
        filled = not column.blank and not item.empty and item.reading.fit.is_clean
        item.required = (
            enough
            and filled
            and not (
                kind is FieldKind.MULTI_SELECT and column.parts is not None and column.parts.without_part > 0
            )
        )
        item.unique = enough and filled and self._identifies(item)
        item.pii = self._is_private(item)
        self._limit(item)

    @staticmethod
    def _identifies(item: ProposedField) -> bool:
        """Whether a column identifies its rows: all different, short, in one word, and named or formed so."""
        column = item.column
        if item.kind is not FieldKind.TEXT or not is_different(column):
            return False
        in_one_word = not column.spaced and column.longest <= LONGEST_IDENTIFIER
        return in_one_word and (item.reading.pattern == "uuid" or hints(column.header, "identifier"))

    @staticmethod
    def _is_private(item: ProposedField) -> bool:
        header = item.column.header
        if item.reading.pattern in ("pan", "aadhaar"):
            return True
        if item.kind is FieldKind.DATE:
            return hints(header, "birth")
        return item.kind in (FieldKind.TEXT, FieldKind.INTEGER) and hints(header, "private")

    def _limit(self, item: ProposedField) -> None:
        """Bounds where the nature of the thing sets them, not where this file happens to end."""
        numbers, column = item.column.numbers, item.column
        if item.kind not in _NUMBERS or numbers is None or self.facts.rows < FEWEST_FOR_RANGES:
            return
        if not item.reading.fit.is_whole or numbers.least.startswith("-"):
            return
        if item.kind is FieldKind.INTEGER and hints(column.header, "rating") and _fills_its_range(column):
            item.min, item.max = numbers.least, numbers.most
        elif hints(column.header, "count") and item.kind in (FieldKind.INTEGER, FieldKind.DECIMAL):
            item.min = "0"

    def _choose_indexed(self) -> None:
        """The fields that people filter by most, a bounded number of them: first some of each sort, then the rest."""
        ranked = sorted(
            (sort, usefulness, place)
            for place, item in enumerate(self.fields)
            if not item.exists and (sort_and_use := _use_as_filter(item)) is not None
            for sort, usefulness in [sort_and_use]
        )
        taken: Counter[int] = Counter()
        chosen: list[int] = []
        rest: list[int] = []
        for sort, _usefulness, place in ranked:
            taken[sort] += 1
            (chosen if taken[sort] <= _INDEXED_OF_A_SORT[sort] else rest).append(place)
        for place in [*chosen, *rest][:MOST_INDEXED]:
            self.fields[place].indexed = True

    def _duplicate_match(self) -> list[str]:
        """What tells a repeat: what identifies leads; failing that, the phone, or the address."""
        keys = [item.key for item in self.fields if item.unique]
        if keys:
            return keys
        for attribute in ("phone", "email"):
            for item in self.fields:
                known = item.column.distinct and item.column.filled >= _HALF * self.facts.rows
                if item.maps_to == attribute and known:
                    return [item.key]
        return []


def _fills_its_range(column: ColumnFacts) -> bool:
    """Whether every whole number between the least and the most stands there, and these are few."""
    numbers = column.numbers
    if numbers is None or not column.values_complete:
        return False
    span = int(float(numbers.most)) - int(float(numbers.least)) + 1
    return 2 <= span <= 10 and span == column.distinct


def _use_as_filter(item: ProposedField) -> tuple[int, float] | None:
    """What sort of filter a field makes and how useful it is (less is better); None where it hardly is one."""
    column, kind = item.column, item.kind
    if not FIELD_TYPES[kind].can_index or not column.filled:
        return None
    if item.unique:
        return (_IDENTIFIERS, 0.0)
    commonest = max((count for _text, count in column.values), default=0) / column.filled
    if column.distinct < 2 or (column.values_complete and commonest > _LOPSIDED):
        return None
    sort = _SORTS.get(kind)
    return None if sort is None else (sort, 0.0 if item.maps_to else commonest)
