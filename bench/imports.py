"""Importing a file of leads, beside an owner's COPY of what it leaves and beside django-import-export.

Twenty fields, validated, duplicates checked, history written, through the job as the command runs it.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.measuring import Line, Spread, interleaved, processor_rate, rate, ratios
from bench.sample import write_file
from bench.script import run, size_name
from bench.stack import BenchStack, bench_stack

REACH_COPY, REACH_IMPORT_EXPORT, MOST_MEGABYTES = 0.30, 4.0, 400
# The slow side of (b) is measured on so many rows at most: its rate does not change with them.
MOST_BY_IMPORT_EXPORT = 10_000
SAMPLE_SECONDS = 0.05


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure at each size; a million rows once, fewer three times."""
    lines: list[Line] = []
    with bench_stack() as stack:
        stack.call("work.preparing:make_organization")
        for size in sizes:
            lines += _against_copy(stack, size, 1 if size >= 500_000 else 3)
        lines += _against_import_export(stack, min(sizes[-1], MOST_BY_IMPORT_EXPORT))
        for size in sizes[-2:]:
            lines.append(_memory(stack, size))
    return lines, {}


def _against_copy(stack: BenchStack, size: int, repetitions: int) -> list[Line]:
    file, rows = _file(stack, size), stack.folder / "rows"
    rows.mkdir(exist_ok=True)
    stack.call("work.importing:forget_leads")
    # The first import also brings what COPY is given, and warms both up.
    stack.call("work.importing:load_file", path=str(file))
    kept = stack.call("work.importing:keep_rows", folder=str(rows))

    def ours() -> dict[str, float]:
        stack.call("work.importing:forget_leads")
        return stack.call("work.importing:load_file", path=str(file))

    def copied() -> dict[str, float]:
        stack.call("work.importing:forget_leads")
        return {"rows": size, **stack.call("work.importing:copy_rows", folder=str(rows))}

    found = interleaved(repetitions, ours=ours, copied=copied)
    per_lead = sum(kept.values()) / size
    return [
        Line(
            "import_copy",
            "Import leads",
            f"owner's COPY of every row it leaves, {per_lead:.1f} a lead, no history",
            size_name(size),
            ratios(found["ours"], found["copied"], rate),
            "",
            REACH_COPY,
            absolute={
                "import": f"{Spread.of(map(rate, found['ours']))} leads/s",
                "COPY": f"{Spread.of(map(rate, found['copied']))} leads/s",
                "by processor time": str(ratios(found["ours"], found["copied"], processor_rate)),
                "processor, 1,000 leads": _processor_text(found),
            },
        )
    ]


def _processor_text(found: dict[str, list[dict[str, float]]]) -> str:
    def milliseconds(side: str, name: str) -> str:
        return f"{Spread.of(run[name] / run['rows'] * 1e6 for run in found[side]).median:.0f} ms"

    return (
        f"import {milliseconds('ours', 'client_cpu')} Python, {milliseconds('ours', 'server_cpu')} PostgreSQL;"
        f" COPY {milliseconds('copied', 'server_cpu')} PostgreSQL"
    )


def _against_import_export(stack: BenchStack, size: int) -> list[Line]:
    file = _file(stack, size)

    def ours() -> dict[str, float]:
        stack.call("work.importing:forget_leads")
        return stack.call("work.importing:load_file", path=str(file))

    def theirs() -> dict[str, float]:
        return stack.call("work.importing:load_by_import_export", path=str(file), validates=True)

    def bare() -> dict[str, float]:
        return stack.call("work.importing:load_by_import_export", path=str(file), validates=False)

    found = interleaved(3, ours=ours, theirs=theirs, bare=bare)
    return [
        Line(
            "import_import_export",
            "Import leads",
            "django-import-export in bulk: same rows, validated, duplicates looked up; no history, no index rows",
            size_name(size),
            ratios(found["ours"], found["theirs"], rate),
            " ×",
            REACH_IMPORT_EXPORT,
            absolute={
                "import": f"{Spread.of(map(rate, found['ours']))} leads/s",
                "django-import-export": f"{Spread.of(map(rate, found['theirs']))} rows/s",
                "the same without validation and duplicates": f"{Spread.of(map(rate, found['bare']))} rows/s",
            },
        )
    ]


def _memory(stack: BenchStack, size: int) -> Line:
    """The most that a process of its own holds while it imports: one that has imported before would hide growth."""
    stack.call("work.importing:forget_leads")
    file = _file(stack, size)
    worker = stack.inside()
    worker.call("work.preparing:line_is_there")
    with _watched(worker.pid) as samples:
        worker.call("work.importing:load_file", path=str(file))
    worker.close()
    middle = samples[len(samples) // 4 : max(len(samples) // 2, 1)] or samples
    return Line(
        "import_memory",
        "Memory of an import",
        "resident set of the importing process, sampled",
        size_name(size),
        Spread(samples[0], max(samples), max(samples)),
        " MB",
        MOST_MEGABYTES,
        at_most=True,
        absolute={
            "before the first row": f"{samples[0]:.0f} MB",
            "most in the second quarter, in the last": f"{max(middle):.0f} MB, {max(samples[-len(middle) :]):.0f} MB",
        },
    )


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """Megabytes that a process holds, sampled beside the block."""
    process, samples, ended = psutil.Process(pid), [0.0], threading.Event()
    samples[0] = process.memory_info().rss / 1e6

    def look() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            samples.append(process.memory_info().rss / 1e6)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _file(stack: BenchStack, size: int) -> Path:
    path = stack.folder / f"leads-{size}.csv"
    if not path.exists():
        write_file(path, size)
    return path


if __name__ == "__main__":
    sys.exit(run("imports"))
