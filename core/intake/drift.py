"""Reading a file by a saved mapping: which columns it knows, and how the file's header differs from its own.

Names that differ in case or spaces are equal, and their order says nothing. All else is a difference, which is
told and never guessed away: what resembles a column that is gone is suggested, and only for targets that no
other column fills.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.errors import FieldError, ValidationFailed
from core.intake.matching import Target, TargetNames, match_columns, normalized_name

MOSTLY: Final = 0.5
"""A header resembles another one when more than this share of their columns is equal."""

RENAMED_FROM: Final = 65.0
"""Similarity, of 100, that makes a new column probably one that is gone: less than for a target that never had one."""

_CERTAIN = 100.0

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Renamed:
    """A column that probably is one of the mapping's under another name; `score` is of 100."""

    column: int
    header: str
    was: str
    target: str
    score: float


@dataclass(slots=True)
class Reading:
    """How a file's columns (by index from 0) are read by a saved mapping.

    `mapping` holds what is certain: the target of each column, "" for none. `retired` are columns whose target
    is there no more, `closed` those whose target the reader may not fill; both are left out.
    """

    mapping: list[str]
    new: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    @property
    def is_drift(self) -> bool:
        """Whether somebody has to say how the file is read."""
        return bool(self.new or self.gone or self.renamed or self.retired)

    @property
    def suggested(self) -> list[str]:
        """The mapping with what probably was renamed in its place."""
        renamed = {each.column: each.target for each in self.renamed}
        return [renamed.get(column, target) for column, target in enumerate(self.mapping)]


def read_by(
    header: Sequence[str], pairs: Pairs, targets: Sequence[Target], known: Collection[str]
) -> Reading:
    """Return how a file is read by the (header, target) pairs of a saved mapping.

    Args:
        header: the names of the file's columns, "" where one has none.
        targets: what the reader may fill.
        known: the keys of all targets, also of those that the reader may not fill.
    """
    reading = Reading([""] * len(header))
    remembered = {normalized_name(name): target for name, target in pairs}
    allowed = {target.key for target in targets}
    asked: dict[int, str] = {}
    for column, text in enumerate(header):
        name = normalized_name(text)
        if name and name not in remembered:
            asked[column] = text
        elif target := remembered.pop(name, "") if name else "":
            if target in allowed:
                reading.mapping[column] = target
            elif target in known:
                reading.closed.append(column)
            else:
                reading.retired.append(column)
                asked[column] = text
    gone = [(name, target) for name, target in pairs if normalized_name(name) in remembered]
    _find_renamed(reading, header, asked, gone, targets)
    return reading


def _find_renamed(
    reading: Reading, header: Sequence[str], asked: dict[int, str], gone: Pairs, targets: Sequence[Target]
) -> None:
    """Match the columns that the mapping does not know to targets that no column fills."""
    was = {target: name for name, target in gone if target}
    free = [
        replace(target, aliases=(*target.aliases, was[target.key])) if target.key in was else target
        for target in targets
        if target.key not in reading.mapping
    ]
    found = match_columns([asked.get(column, "") for column in range(len(header))], free)
    left = [header[column] if column in found.unmatched else "" for column in range(len(header))]
    lost = [each for each in free if each.key in was and each.key not in {*found.matched, *found.conflicts}]
    for key, column in found.matched.items():
        if key in was:
            reading.renamed.append(Renamed(column, header[column], was[key], key, _CERTAIN))
        else:
            reading.mapping[column] = key
    for each in match_columns(left, lost, suggested_from=RENAMED_FROM).suggested:
        reading.renamed.append(Renamed(each.column, each.header, was[each.target], each.target, each.score))
    reading.renamed.sort(key=lambda each: each.column)
    renamed = {each.column for each in reading.renamed}
    reading.new = [column for column in asked if column not in renamed and column not in reading.retired]
    reading.gone = [name for name, _target in gone if name not in {each.was for each in reading.renamed}]


def likeness(header: Sequence[str], pairs: Pairs) -> float:
    """Return the share of equal columns of two headers, of 1: of the one that has more of them."""
    ours = set(filter(None, map(normalized_name, header)))
    theirs = {normalized_name(name) for name, _target in pairs}
    return len(ours & theirs) / max(len(ours), len(theirs), 1)


def with_remembered_names(targets: Sequence[Target], mappings: Iterable[Pairs]) -> list[Target]:
    """Return the targets with the names that saved mappings know them by, where nothing else has that name.

    It helps to find a header whose names only people could match.
    """
    names = TargetNames(targets)
    told: dict[str, list[str]] = {}
    for pairs in mappings:
        for header, target in pairs:
            if target and names.find(header) is None:
                told.setdefault(target, []).append(header)
    return [replace(each, aliases=(*each.aliases, *told.get(each.key, ()))) for each in targets]


def drift_refusal(name: str, header: Sequence[str], reading: Reading) -> ValidationFailed:
    """Return the error that lists how a file differs from the saved mapping of that name."""
    differences = [
        *(FieldError("new_column", f"“{header[column]}” is new.") for column in reading.new),
        *(FieldError("gone_column", f"“{header_name}” is gone.") for header_name in reading.gone),
        *(
            FieldError("renamed_column", f"“{each.was}” probably is “{each.header}” now.")
            for each in reading.renamed
        ),
        *(
            FieldError("retired_target", f"“{header[column]}” filled a field that is retired or gone.")
            for column in reading.retired
        ),
    ]
    return ValidationFailed(
        "mapping_drift",
        f"The file differs from the saved mapping “{name}”. Accept the drift to take what is suggested, "
        "or match the columns yourself.",
        {"saved_mapping": differences},
    )
