"""What an app tells the machine about its files: the columns it wants, and what a row becomes.

The machine reads, maps, counts, journals and resumes; an importer validates and writes rows.
"""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.module_loading import autodiscover_modules

from core.errors import NotVisible
from core.intake.access import IntakeActor
from core.intake.matching import Target
from core.models import Intake
from core.values import Cell


class RowResult(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    UPDATED = "updated"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    HELD = "held"


# What is counted of an intake, beside the reasons.
COUNTED = ("data_rows", "accepted", "updated", "rejected", "duplicate", "held")


@dataclass(slots=True)
class InputRow:
    """A row as the importer sees it: cells by target key. `prepared` is what `Importer.prepare` left there."""

    number: int
    values: dict[str, Cell]
    prepared: Any = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row stays out: `field:code` for counting, a sentence for people."""

    field: str
    code: str
    message: str

    @property
    def pair(self) -> str:
        """The vocabulary of counts."""
        return f"{self.field}:{self.code}"


@dataclass(slots=True)
class RowOutcome:
    """The importer's word on one row. `repeats` says what a duplicate repeats."""

    result: RowResult
    reasons: list[Reason] = field(default_factory=list)
    repeats: str = ""
    repeats_id: int | None = None


@dataclass(slots=True)
class RollbackReport:
    """What a rollback did: rows withdrawn, before-images restored, and what was edited since and kept."""

    withdrawn: int = 0
    restored: int = 0
    kept_edited: list[str] = field(default_factory=list)


class Importer(ABC):
    """Loads the rows of one intake. Made anew for each run; methods run in the intake's organisation."""

    # The permission area whose `write` loads such files.
    area: str = "lead_files"
    # The options of an intake that a saved mapping remembers beside the columns.
    remembered: tuple[str, ...] = ()

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        # Who corrects rows by hand; None while the intake's own file is read.
        self.corrector: IntakeActor | None = None

    @abstractmethod
    def targets(self) -> Sequence[Target]:
        """The columns that a file may fill."""

    def all_targets(self) -> Sequence[Target]:
        """The columns that somebody's file may fill, also those that who loads this one may not."""
        return self.targets()

    def words_for(self, options: Mapping[str, Any]) -> list[str]:
        """Sentences about options that a saved mapping brought along."""
        return []

    def require_open(self) -> None:  # noqa: B027 - most targets are always open
        """Raise an ApplicationError where nothing may be loaded into the intake's target any more.

        What was loaded before can still be looked at and taken back.
        """

    def prepare(self, rows: Sequence[InputRow]) -> None:  # noqa: B027 - an importer may have nothing to prepare
        """Leave in `row.prepared` what `write` and `rehearse` need and the database does not give.

        Runs in a thread of its own while the batch before is written, so it may be outdated by then.
        """

    @abstractmethod
    def write(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        """Validate and store rows, in order, inside the batch's transaction; an outcome for each."""

    @abstractmethod
    def rehearse(self, rows: Sequence[InputRow]) -> list[RowOutcome]:
        """The same outcomes without storing anything; called batch after batch on one connection."""

    @abstractmethod
    def roll_back(self, numbers: Sequence[int]) -> RollbackReport:
        """Take back what the intake's rows with these numbers did."""

    def end_roll_back(self) -> None:  # noqa: B027 - an importer may have nothing left to take back
        """Take back what belongs to no single row, in the transaction that ends a rollback."""

    def options_for(self, actor: IntakeActor) -> dict[str, Any]:
        """What to remember of who loads the file, such as whose the rows become."""
        return {}

    def choices_of(self, target: str) -> list[tuple[str, str]]:
        """(value, label) of what may stand in a target's column; empty where anything may."""
        return []

    def masked_columns(self, actor: IntakeActor) -> frozenset[int]:
        """The positions of columns whose cells the actor may not read.

        The position behind the header's last stands for all cells that lie beyond the header.
        """
        return frozenset()

    def closed_columns(self, actor: IntakeActor) -> frozenset[int]:
        """The positions of columns that the actor may not fill."""
        return frozenset()

    def label_of(self, target: str) -> str:
        """What people call a target."""
        return next((item.label for item in self.targets() if item.key == target), target)


ImporterFactory = Callable[[Intake], Importer]
_factories: dict[str, ImporterFactory] = {}


def register_importer(name: str) -> Callable[[ImporterFactory], ImporterFactory]:
    """Register an importer class (or factory) under the name that intakes store."""

    def register(factory: ImporterFactory) -> ImporterFactory:
        if name in _factories:
            raise ValueError(f"The importer {name} is registered twice.")
        _factories[name] = factory
        return factory

    return register


@functools.cache
def _discover() -> None:
    """Import `<app>/intake.py` of every app, where importers register."""
    autodiscover_modules("intake")


def importer_for(intake: Intake) -> Importer:
    """Return the importer of an intake; raise NotVisible where no app loads such files."""
    _discover()
    if intake.importer not in _factories:
        raise NotVisible(f"No part of this installation loads files of the kind “{intake.importer}”.")
    return _factories[intake.importer](intake)


def count_outcomes(counts: Mapping[str, Any], outcomes: Sequence[RowOutcome]) -> dict[str, Any]:
    """Return `counts` with the outcomes of another batch added."""
    total = {name: counts.get(name, 0) for name in COUNTED}
    reasons = dict(counts.get("reasons", {}))
    for outcome in outcomes:
        total["data_rows"] += 1
        if outcome.result is RowResult.UPDATED:
            total["updated"] += 1
            total["accepted"] += 1
        else:
            total[outcome.result] += 1
        for reason in outcome.reasons:
            reasons[reason.pair] = reasons.get(reason.pair, 0) + 1
    return {**total, "reasons": reasons}
