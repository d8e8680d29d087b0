"""The leads page beside a bare Django view of the same rows, and what the main pages weigh and take.

The page carries sign-in, tenancy, masking, filters, counts and the frame; the bare view renders fifty rows of the same
table with the same columns, for anybody.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.calling import UNLIMITED, Caller
from bench.filling import filled
from bench.measuring import Line, Spread, interleaved, processor_rate, rate, ratios
from bench.sample import LINE
from bench.script import run, size_name
from bench.stack import BenchStack, bench_stack
from bench.weighing import weigh

REACH_BARE, MOST_HTML, MOST_PAGE, MOST_MILLISECONDS = 0.5, 60.0, 150.0, 100.0
CONNECTIONS = 4
MOST_LEADS = 10_000
PAGES = {
    "leads": f"/leads/?line={LINE}",
    "leads, filtered": f"/leads/?line={LINE}&data.city=Pune",
    "leads, searched": f"/leads/?line={LINE}&search=asha",
    "a lead": "/leads/{reference}/",
    "new lead": f"/leads/new/?line={LINE}",
    "imports": "/imports/",
    "profile": "/profile/",
}


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure at the smallest size: a demo's, or what a small company has."""
    size = min(sizes[0], MOST_LEADS)
    seconds = 3.0 if size >= 1_000 else 0.3
    with bench_stack() as stack:
        stack.collect_static()
        filled(stack, size)
        ours, address = stack.start_web(**UNLIMITED)
        bare, bare_address = stack.start_web("bench.bare.asgi:application")
        cookie = stack.call("work.preparing:sign_in", key="operations")
        caller = Caller()
        try:
            call = partial(
                caller.call, address, server=ours.pid, headers={"Cookie": cookie, "Accept": "text/html"}
            )
            house = stack.call("work.preparing:organization_id")
            bare_call = partial(caller.call, bare_address, f"/list?organization={house}", server=bare.pid)
            lines = _beside_bare(call, bare_call, size, seconds)
            lines += _each_page(stack, call, size, seconds)
        finally:
            caller.close()
        return [*lines, *_weights(stack, address, cookie, size)], {}


def _beside_bare(
    call: Callable[..., dict[str, Any]], bare_call: Callable[..., dict[str, Any]], size: int, seconds: float
) -> list[Line]:
    timing = {"seconds": seconds, "connections": CONNECTIONS}
    sides = {"ours": partial(call, PAGES["leads"], **timing), "bare": partial(bare_call, **timing)}
    interleaved(1, **sides)  # what a process does once
    found = interleaved(5, **sides)
    rates = {side: Spread.of(map(rate, found[side])) for side in sides}
    part = call(f"{PAGES['leads']}", **timing)
    weight = part["bytes"] / 1_000
    processor = {
        side: Spread.of(run["client_cpu"] / run["rows"] * 1_000 for run in found[side]).median
        for side in sides
    }
    return [
        Line(
            "page_bare",
            "Leads page, 50 rows",
            "a bare Django view that renders the same 50 rows for anybody",
            f"{size_name(size)}, {CONNECTIONS} connections",
            ratios(found["ours"], found["bare"], rate),
            "",
            REACH_BARE,
            absolute={
                "ours": f"{rates['ours']} pages/s",
                "bare": f"{rates['bare']} pages/s",
                "by processor time": str(ratios(found["ours"], found["bare"], processor_rate)),
                "processor, a page": f"ours {processor['ours']:.1f} ms Python, bare {processor['bare']:.1f} ms Python",
            },
        ),
        Line(
            "page_html",
            "Leads page, 50 rows: its HTML",
            "as sent, uncompressed",
            size_name(size),
            Spread(weight, weight, weight),
            " KB",
            MOST_HTML,
            at_most=True,
        ),
    ]


def _each_page(
    stack: BenchStack, call: Callable[..., dict[str, Any]], size: int, seconds: float
) -> list[Line]:
    """One reader at a time: how long the server takes for each page."""
    codes = stack.call("work.listing:lead_codes")
    lines = []
    for name, path in PAGES.items():
        address = path.format(**codes)
        call(address, seconds=seconds / 6, connections=1)
        found = call(address, seconds=seconds / 3, connections=1)
        lines.append(
            Line(
                f"page_time {name}",
                f"Server time: {name}",
                "one reader, over loopback",
                size_name(size),
                Spread(found["p50"], found["p50"], found["p95"]),
                " ms",
                MOST_MILLISECONDS,
                at_most=True,
                absolute={"HTML": f"{found['bytes'] / 1_000:.0f} KB"},
            )
        )
    return lines


def _weights(stack: BenchStack, address: str, cookie: str, size: int) -> list[Line]:
    codes = stack.call("work.listing:lead_codes")
    lines = []
    for name, path in PAGES.items():
        weight = weigh(address, path.format(**codes), cookie)
        if weight is None:
            return []  # without a browser nothing is weighed
        lines.append(
            Line(
                f"page_weight {name}",
                f"Weight: {name}",
                "everything a browser fetches on a first visit, compressed",
                size_name(size),
                Spread(weight.kilobytes, weight.kilobytes, weight.kilobytes),
                " KB",
                MOST_PAGE,
                at_most=True,
                absolute={
                    "of it HTML": f"{weight.html_kilobytes:.1f} KB",
                    "files": str(weight.files),
                    "first paint": f"{weight.first_paint:.0f} ms",
                },
            )
        )
    return lines


if __name__ == "__main__":
    sys.exit(run("pages"))
