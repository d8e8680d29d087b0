"""docs/performance.md, made of the figures under var/bench/ and of what was found out about them (`bench/notes.md`)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.measuring import OUT, Line, read
from config.embedded.places import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "performance.md"
NOTES = CHECKOUT / "bench" / "notes.md"
TITLES = {
    "imports": "Importing files",
    "creates": "Creating leads by the API",
    "lists": "Lists at many leads",
    "pages": "Pages",
    "definitions": "A thousand field definitions over fifty lines",
    "memory": "Memory",
}
HEAD = """# Performance

Written by `make bench` (`python -m bench`); do not edit, what is known about the figures stands in `bench/notes.md`.

Figures are ratios of two pieces of work measured side by side in one run: repetitions alternate, the median counts, the
least and the most stand in brackets. Who calls, the server and PostgreSQL share one machine, so a rate of calls is that
of a machine that makes the calls too. The processor time beside it is the server's and the database's alone.
"""


def write_document(names: Iterable[str], target: Path = DOCUMENT) -> Path:
    """Write the document from the JSON of these scripts, those that have run; return its path."""
    parts = [HEAD]
    for name in names:
        path = OUT / f"{name}.json"
        if path.exists():
            parts.append(_section(TITLES[name], *read(path)))
    if NOTES.exists():
        parts.append(NOTES.read_text().strip())
    target.write_text("\n\n".join(part.strip() for part in parts) + "\n")
    return target


def _section(title: str, machine: dict[str, Any], lines: list[Line], notes: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    about = (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB; {machine['system']}; Python"
        f" {machine['python']}, PostgreSQL {machine['postgresql']}, {packages}. Load average"
        f" {', '.join(str(each) for each in machine['load_average'])}."
    )
    rows = [
        "| | work | size | measured against | figure | reach | absolute |",
        "|---|---|---|---|---|---|---|",
        *(_row(line) for line in lines),
    ]
    plans = [
        f"### Plan: {name}\n\n" + "\n\n".join(f"```\n{plan}\n```" for plan in found)
        for name, found in notes.get("plans", {}).items()
    ]
    return "\n\n".join([f"## {title}", about, "\n".join(rows), *plans])


def _row(line: Line) -> str:
    mark = {None: "", True: "✓", False: "✗"}[line.is_reached]
    beside = "; ".join(f"{name}: {text}" for name, text in line.absolute.items())
    cells = (mark, line.work, line.size, line.against, f"{line.figure}{line.unit}", line.wanted, beside)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
