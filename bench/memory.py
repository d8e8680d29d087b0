"""Memory of the whole stack: web, worker, beat, PostgreSQL and Redis, idle and under the demo mix.

Proportional set size (PSS): what processes share is counted once, in parts.
"""

import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.calling import UNLIMITED, Caller
from bench.filling import filled
from bench.measuring import Line, Spread
from bench.sample import LINE, write_file
from bench.script import run, size_name
from bench.stack import BenchStack, bench_stack, postmaster_pid

MOST_IDLE, MOST_BUSY = 1_000.0, 2_000.0
LOOK_SECONDS = 0.5
MOST_LEADS = 10_000
MIX = (
    f"/leads/?line={LINE}",
    f"/leads/?line={LINE}&search=asha",
    f"/leads/?line={LINE}&data.city=Pune",
    f"/leads/new/?line={LINE}",
    "/imports/",
    f"/api/v1/leads/?line={LINE}&page_size=500",
)


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure at the smallest size, which is about a demo's."""
    size = min(sizes[0], MOST_LEADS)
    calm, busy = (10.0, 20.0) if size >= 1_000 else (0.5, 1.0)
    with bench_stack() as stack:
        stack.collect_static()
        filled(stack, size)
        processes = _start(stack)
        time.sleep(calm)
        idle = _megabytes(stack, processes)
        lines = [_line("idle", idle, [sum(idle.values())], MOST_IDLE, size)]
        most, samples = _under_load(stack, processes, busy, size)
        lines.append(_line("under the demo mix", most, samples, MOST_BUSY, size))
    return lines, {}


def _start(stack: BenchStack) -> dict[str, int]:
    """Start what `make run` starts; return the first process of each part."""
    stack.main.close()  # what filled the stack is no part of it
    web, stack.address = stack.start_web(**UNLIMITED)
    worker = stack.start_worker(concurrency=2)
    beat = stack.start("beat", "-m", "celery", "--app", "config", "beat", "--pidfile", "")
    stack.wait_for_workers(1)
    return {"web": web.pid, "worker": worker.pid, "beat": beat.pid, "redis": stack.redis_pid}


def _under_load(
    stack: BenchStack, processes: dict[str, int], seconds: float, size: int
) -> tuple[dict[str, float], list[float]]:
    """People read pages and lists while a file is loaded by the worker; return the fullest moment."""
    inside = stack.inside()
    cookie = inside.call("work.preparing:sign_in", key="operations")
    file = stack.folder / "more.csv"
    write_file(file, size, first=3_000_000)
    inside.call("work.importing:send_file", path=str(file))
    callers = [Caller() for _path in MIX]
    threads = [
        threading.Thread(
            target=partial(
                caller.call, stack.address, path, server=processes["web"], headers={"Cookie": cookie},
                seconds=seconds, connections=2,
            )
        )
        for caller, path in zip(callers, MIX, strict=True)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    most: dict[str, float] = {}
    samples = []
    while any(thread.is_alive() for thread in threads):
        found = _megabytes(stack, processes)
        samples.append(sum(found.values()))
        if samples[-1] == max(samples):
            most = found
        time.sleep(LOOK_SECONDS)
    for caller in callers:
        caller.close()
    return most, samples


def _megabytes(stack: BenchStack, processes: dict[str, int]) -> dict[str, float]:
    """Megabytes by part. Of PostgreSQL those backends that work for this stack, and the server's own processes."""
    parts = {name: _family(pid) for name, pid in processes.items()}
    strangers = {
        pid for (pid,) in stack.query("SELECT pid FROM pg_stat_activity WHERE datname <> current_database()")
    }
    parts["postgresql"] = [each for each in _family(postmaster_pid()) if each.pid not in strangers]
    return {name: sum(map(_proportional, found)) for name, found in parts.items()}


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _proportional(process: psutil.Process) -> float:
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1_000
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0.0


def _line(when: str, parts: dict[str, float], samples: list[float], most: float, size: int) -> Line:
    told = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in sorted(parts.items()))
    spread = Spread(min(samples), max(samples), max(samples))
    return Line(
        f"memory {when}", f"Memory of the whole stack, {when}", "web, worker (2), beat, PostgreSQL, Redis: PSS",
        size_name(size), spread, " MB", most, at_most=True, absolute={"MB": told},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(run("memory"))
