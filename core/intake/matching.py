"""Matching the columns of a file to the targets that its importer knows.

A header that equals a target's label, key or alias is matched: case, spaces and Unicode forms make no
difference, nor does the order of columns. What is merely similar is suggested, never taken, and only for
targets that no other header matched.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from rapidfuzz import fuzz

from core.values.cells import ZERO_WIDTH

SUGGESTION_THRESHOLD: Final = 75.0
"""Similarity, of 100, from which a header is suggested for a target."""


_UNSEEN = dict.fromkeys(map(ord, ZERO_WIDTH))


@dataclass(frozen=True, slots=True)
class Target:
    """What a column may be matched to: a field of a line, or a core attribute."""

    key: str
    label: str
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A header that looks like a target that has no column; `score` is of 100."""

    column: int
    header: str
    target: str
    score: float


@dataclass(slots=True)
class ColumnMatch:
    """How the columns of a file (by index from 0) and the targets (by key) came together.

    `conflicts` are targets that several headers name equally well: none of them is taken.
    """

    matched: dict[str, int] = field(default_factory=dict)
    suggested: list[Suggestion] = field(default_factory=list)
    unmatched: list[int] = field(default_factory=list)
    missing_required: list[str] = field(default_factory=list)
    conflicts: dict[str, list[int]] = field(default_factory=dict)


class _Strength(IntEnum):
    """How well a header names a target, the best first."""

    LABEL = 0
    KEY = 1
    ALIAS = 2


def normalized_name(text: str) -> str:
    """A name as it is compared: NFKC, without case, without spaces."""
    if text.isascii():
        return "".join(text.casefold().split())
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(folded.translate(_UNSEEN).split())


class TargetNames:
    """The names of all targets, to look a header up in."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._found: dict[str, tuple[_Strength, str] | None] = {}
        for strength in _Strength:
            for target in targets:
                for name in _names(target, strength):
                    self._add(name, strength, target.key)

    def find(self, header: str) -> tuple[int, str] | None:
        """Strength (0 is best) and key of the target that the header names; None for none, or for two."""
        name = normalized_name(header)
        return self._found.get(name) if name else None

    def _add(self, name: str, strength: _Strength, key: str) -> None:
        known = self._found.get(name)
        if name not in self._found:
            self._found[name] = (strength, key)
        elif known is not None and known[0] == strength and known[1] != key:
            self._found[name] = None  # two targets claim the name: it names neither


def match_columns(
    headers: Sequence[str], targets: Sequence[Target], *, suggested_from: float = SUGGESTION_THRESHOLD
) -> ColumnMatch:
    """Match headers (one per column, "" where a column has none) to targets.

    `suggested_from` is the similarity, of 100, that makes a suggestion.
    Every column is in `matched` or `unmatched`, those without a header in neither.
    """
    match = ColumnMatch()
    names = TargetNames(targets)
    claims: dict[str, list[tuple[int, int]]] = {}
    for column, header in enumerate(headers):
        found = names.find(header)
        if found is not None:
            claims.setdefault(found[1], []).append((found[0], column))
        elif normalized_name(header):
            match.unmatched.append(column)
    for key, claimants in claims.items():
        _settle(match, key, sorted(claimants))
    match.unmatched.sort()
    free = [
        target for target in targets if target.key not in match.matched and target.key not in match.conflicts
    ]
    match.suggested = _suggestions(headers, match.unmatched, free, suggested_from)
    match.missing_required = [
        target.key for target in targets if target.required and target.key not in match.matched
    ]
    return match


def fingerprint(headers: Iterable[str]) -> str:
    """A digest of a file's headers that neither order nor case nor spaces change (64 hex digits)."""
    names = sorted(filter(None, map(normalized_name, headers)))
    return hashlib.sha256("\x1f".join(names).encode("utf-8", "surrogatepass")).hexdigest()


def similarity(header: str, target: Target) -> float:
    """How much a header looks like a target's label, key or aliases, of 100."""
    name = _words(header)
    return max(
        fuzz.token_sort_ratio(name, _words(other)) for other in (target.label, target.key, *target.aliases)
    )


def _names(target: Target, strength: _Strength) -> list[str]:
    texts = {
        _Strength.LABEL: (target.label,),
        _Strength.KEY: (target.key,),
        _Strength.ALIAS: target.aliases,
    }[strength]
    return [name for name in map(normalized_name, texts) if name]


def _settle(match: ColumnMatch, key: str, claimants: list[tuple[int, int]]) -> None:
    """Give a target the column that names it best, if one does."""
    best = claimants[0][0]
    equals = [column for strength, column in claimants if strength == best]
    if len(equals) > 1:
        match.conflicts[key] = equals
    else:
        match.matched[key] = equals[0]
    taken = set(match.matched.values())
    match.unmatched.extend(column for _, column in claimants if column not in taken)


def _suggestions(
    headers: Sequence[str], columns: Iterable[int], targets: Sequence[Target], threshold: float
) -> list[Suggestion]:
    """The best pairs of headers and targets without a partner, each used once."""
    pairs = [
        Suggestion(column, headers[column], target.key, round(score, 1))
        for column in columns
        for target in targets
        if (score := similarity(headers[column], target)) >= threshold
    ]
    chosen: list[Suggestion] = []
    for pair in sorted(pairs, key=lambda pair: (-pair.score, pair.column)):
        if all(pair.column != other.column and pair.target != other.target for other in chosen):
            chosen.append(pair)
    return sorted(chosen, key=lambda pair: pair.column)


def _words(text: str) -> str:
    """A name as words, for comparing by likeness."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(character if character.isalnum() else " " for character in folded).split())
