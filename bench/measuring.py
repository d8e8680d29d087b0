"""Repetitions side by side, what they give, and the table of it."""

import json
import os
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.embedded.places import STATE

# Tests of the scripts keep what they give elsewhere.
OUT = Path(os.environ.get("LEADLEDGER_BENCH_OUT") or STATE / "bench")


@dataclass(frozen=True, slots=True)
class Spread:
    """Repetitions of one figure."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        """Summarise figures."""
        found = sorted(figures)
        return cls(found[0], statistics.median(found), found[-1])

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.least)}–{_short(self.most)})"


@dataclass(slots=True)
class Line:
    """One line of the table: a figure, what it should reach, and the absolute figures beside it."""

    key: str
    work: str
    against: str
    size: str
    figure: Spread
    unit: str
    # The least (or, with `at_most`, the most) that is good; None where nothing is asked.
    reach: float | None
    at_most: bool = False
    absolute: dict[str, str] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool | None:
        """Whether the median is good enough."""
        if self.reach is None:
            return None
        return self.figure.median <= self.reach if self.at_most else self.figure.median >= self.reach

    @property
    def wanted(self) -> str:
        """What is asked, in words."""
        if self.reach is None:
            return "–"
        return f"{'≤' if self.at_most else '≥'} {_short(self.reach)}{self.unit}"


def interleaved(
    repetitions: int, **sides: Callable[[], dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    """Do each side's work in turn, as often as said: whatever else the machine does meets both.

    The side that begins changes with each repetition.
    """
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    names = list(sides)
    for repetition in range(repetitions):
        for name in names if repetition % 2 == 0 else reversed(names):
            found[name].append(sides[name]())
    return found


def ratios(
    ours: list[dict[str, float]], theirs: list[dict[str, float]], figure: Callable[[dict[str, float]], float]
) -> Spread:
    """How many times the other side's figure ours is, repetition by repetition."""
    return Spread.of(figure(own) / figure(other) for own, other in zip(ours, theirs, strict=True))


def rate(run: Mapping[str, float]) -> float:
    """Rows (or calls) in a second."""
    return run["rows"] / run["seconds"]


def processor_rate(run: Mapping[str, float]) -> float:
    """Rows (or calls) for a second of processor, ours and PostgreSQL's: what a crowded machine changes least."""
    return run["rows"] / (run["client_cpu"] + run["server_cpu"])


def keep(name: str, lines: list[Line], notes: dict[str, Any] | None = None) -> Path:
    """Write a script's lines as JSON under var/bench/."""
    from bench.machine import describe

    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    kept = {"machine": describe(), "lines": [asdict(line) for line in lines], "notes": notes or {}}
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
    return path


def read(path: Path) -> tuple[dict[str, Any], list[Line], dict[str, Any]]:
    """Read what `keep` wrote: machine, lines, notes."""
    kept = json.loads(path.read_text())
    lines = [Line(**{**line, "figure": Spread(**line["figure"])}) for line in kept["lines"]]
    return kept["machine"], lines, kept["notes"]


def table(lines: Iterable[Line]) -> str:
    """The lines as text for a terminal."""
    out = []
    for line in lines:
        mark = {None: " ", True: "✓", False: "✗"}[line.is_reached]
        out.append(f"{mark} {line.work} [{line.size}]: {line.figure}{line.unit}  wanted {line.wanted}")
        out.append(f"    against {line.against}")
        out += [f"    {name}: {text}" for name, text in line.absolute.items()]
    return "\n".join(out)


def _short(number: float) -> str:
    if number >= 1_000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"
