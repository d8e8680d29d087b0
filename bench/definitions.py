"""Pages and calls of an organisation with a thousand field definitions over fifty lines, beside one with a single line.

Both have the same leads in the line that is looked at. What a page costs must follow from what it shows.
"""

import sys
from contextlib import ExitStack
from functools import partial
from typing import Any

from bench.calling import UNLIMITED, Caller
from bench.filling import filled
from bench.measuring import Line, Spread, interleaved, ratios
from bench.sample import FIELDS, LINE
from bench.script import run, size_name
from bench.stack import BenchStack, bench_stack

LINES = 50
MOST_TIMES, MOST_MILLISECONDS = 1.5, 100.0
MOST_LEADS = 10_000
PAGES = {
    "leads": f"/leads/?line={LINE}",
    "leads of all lines": "/leads/",
    "leads, filtered": f"/leads/?line={LINE}&data.city=Pune",
    "board": f"/leads/?line={LINE}&layout=board",
    "a lead": "/leads/{reference}/",
    "new lead": f"/leads/new/?line={LINE}",
    "statistics of the line": f"/lines/{LINE}/statistics/",
    "today": "/today/",
    "call: leads": f"/api/v1/leads?line={LINE}",
    "call: a lead": "/api/v1/leads/{reference}",
    "call: schema of the line": f"/api/v1/lines/{LINE}/schema",
}


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure at the smallest size."""
    size = min(sizes[0], MOST_LEADS)
    seconds, repetitions = (0.6, 5) if size >= 1_000 else (0.1, 1)
    with ExitStack() as opened:
        few, many = (opened.enter_context(bench_stack()) for _side in range(2))
        for stack in (few, many):
            filled(stack, size)
        many.call("work.preparing:add_lines", count=LINES - 1)
        sides = {"few": few, "many": many}
        caller = Caller()
        opened.callback(caller.close)
        calls = {side: _signed_in(stack, caller) for side, stack in sides.items()}
        return [
            _line(name, path, sides, calls, size=size, seconds=seconds, repetitions=repetitions)
            for name, path in PAGES.items()
        ], {}


def _signed_in(stack: BenchStack, caller: Caller) -> Any:
    stack.collect_static()
    web, address = stack.start_web(**UNLIMITED)
    cookie = stack.call("work.preparing:sign_in", key="operations")
    headers = {"Cookie": cookie, "Accept": "text/html, application/json"}
    return partial(caller.call, address, server=web.pid, headers=headers, connections=1)


def _line(
    name: str,
    path: str,
    sides: dict[str, BenchStack],
    calls: dict[str, Any],
    *,
    size: int,
    seconds: float,
    repetitions: int,
) -> Line:
    asked = {
        side: partial(calls[side], path.format(**stack.call("work.listing:lead_codes")), seconds=seconds)
        for side, stack in sides.items()
    }
    interleaved(1, **asked)  # what a process does once
    found = interleaved(repetitions, **asked)
    times = {side: Spread.of(run["p50"] for run in found[side]) for side in sides}
    is_within = times["many"].median < MOST_MILLISECONDS
    return Line(
        f"definitions {name}",
        f"Server time: {name}",
        f"the same beside one line of {len(FIELDS)} fields",
        f"{LINES * len(FIELDS):,} definitions, {size_name(size)} leads",
        ratios(found["many"], found["few"], lambda run: run["p50"]),
        " ×",
        MOST_TIMES,
        at_most=True,
        absolute={
            "with all lines": f"{times['many']} ms",
            f"within {MOST_MILLISECONDS:.0f} ms": "yes" if is_within else "no",
            "with one": f"{times['few']} ms",
        },
    )


if __name__ == "__main__":
    sys.exit(run("definitions"))
