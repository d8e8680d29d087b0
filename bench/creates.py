"""Creating leads by the API, beside a bare view of Django REST framework, and in batches beside single calls."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from bench.calling import UNLIMITED, Caller, batch_body, lead_body, token
from bench.measuring import Line, Spread, interleaved, processor_rate, rate, ratios
from bench.sample import values
from bench.script import run
from bench.stack import BenchStack, bench_stack

REACH_BARE, REACH_BATCH = 0.5, 15.0
CONNECTIONS = 4
MOST_CALLS, MOST_BATCHES = 30_000, 60


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure on the smallest size: what one call costs does not hang on how many leads there are."""
    seconds = 4.0 if sizes[0] >= 1_000 else 0.3
    with bench_stack() as stack:
        stack.collect_static()
        emails = stack.call("work.preparing:make_organization")
        stack.call("work.preparing:make_bare_tables")
        caller = Caller()
        try:
            return [
                _single(stack, caller, emails["agent"], seconds),
                _batch(stack, caller, emails["agent"], 500 if sizes[0] >= 1_000 else 20, seconds),
            ], {}
        finally:
            caller.close()


def _single(stack: BenchStack, caller: Caller, email: str, seconds: float) -> Line:
    ours, address = stack.start_web(**UNLIMITED)
    bare, bare_address = stack.start_web("bench.bare.asgi:application")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token(address, email)}"}
    bodies = stack.folder / "bodies"
    _write_bodies(bodies, MOST_CALLS)
    call = partial(
        caller.call, method="POST", bodies=str(bodies), seconds=seconds, connections=CONNECTIONS, status=201
    )

    def post_ours() -> dict[str, float]:
        return call(address, "/api/v1/leads/", server=ours.pid, headers=headers)

    def post_bare() -> dict[str, float]:
        return call(bare_address, "/rows", server=bare.pid, headers={"Content-Type": "application/json"})

    interleaved(1, ours=post_ours, bare=post_bare)  # what a process does once
    found = interleaved(5, ours=post_ours, bare=post_bare)
    return Line(
        "create_bare",
        "POST one lead (JWT, 20 fields, duplicates, history)",
        "a bare view of the REST framework that writes one row and one history row, without sign-in and checks",
        f"{CONNECTIONS} connections",
        ratios(found["ours"], found["bare"], rate),
        "",
        REACH_BARE,
        absolute={
            "ours": f"{Spread.of(map(rate, found['ours']))} leads/s, p95 {_p95(found['ours'])} ms",
            "bare": f"{Spread.of(map(rate, found['bare']))} rows/s, p95 {_p95(found['bare'])} ms",
            "by processor time": str(ratios(found["ours"], found["bare"], processor_rate)),
            "processor, a call": f"ours {_processor(found['ours'])}, bare {_processor(found['bare'])}",
        },
    )


def _batch(stack: BenchStack, caller: Caller, email: str, items: int, seconds: float) -> Line:
    web, address = stack.start_web(**UNLIMITED)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token(address, email)}"}
    singles, batches = stack.folder / "singles", stack.folder / "batches"
    _write_bodies(singles, MOST_CALLS, first=6_000_000)
    batches.write_text(
        "".join(f"{batch_body(8_000_000 + number * items, items)}\n" for number in range(MOST_BATCHES))
    )
    call = partial(caller.call, address, method="POST", server=web.pid, headers=headers, connections=1)

    def post_singles() -> dict[str, float]:
        return call("/api/v1/leads/", bodies=str(singles), seconds=seconds, status=201)

    def post_batches() -> dict[str, float]:
        found = call("/api/v1/leads/batch", bodies=str(batches), seconds=seconds, status=200)
        return {**found, "rows": found["rows"] * items}

    interleaved(1, singles=post_singles, batches=post_batches)
    found = interleaved(3, singles=post_singles, batches=post_batches)
    return Line(
        "create_batch",
        f"POST leads/batch of {items}",
        "single POSTs, per lead, over one connection",
        "1 connection",
        ratios(found["batches"], found["singles"], rate),
        " ×",
        REACH_BATCH,
        absolute={
            "in batches": f"{Spread.of(map(rate, found['batches']))} leads/s",
            "one by one": f"{Spread.of(map(rate, found['singles']))} leads/s",
            "by processor time": f"{ratios(found['batches'], found['singles'], processor_rate)} ×",
        },
    )


def _p95(runs: list[dict[str, float]]) -> Spread:
    return Spread.of(run["p95"] for run in runs)


def _processor(runs: list[dict[str, float]]) -> str:
    def milliseconds(name: str) -> float:
        return Spread.of(run[name] / run["rows"] * 1_000 for run in runs).median

    return f"{milliseconds('client_cpu'):.2f} ms Python + {milliseconds('server_cpu'):.2f} ms PostgreSQL"


def _write_bodies(path: Path, count: int, first: int = 5_000_000) -> None:
    # Numbers above those of any file, so that none is a repeat.
    path.write_text("".join(f"{lead_body(values(first + number))}\n" for number in range(count)))


if __name__ == "__main__":
    sys.exit(run("creates"))
