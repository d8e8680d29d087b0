"""Pages of a list at many leads, beside the same pages at few.

Each size has a database of its own. A page is read through the query layer that pages and API share, as the
application role; what is compared is the slower of a first page and the one after it. Where the smaller size has
fewer leads to show, what a full page takes there at least counts: fifty leads are not read in the time of five.
Such a pair compares two things at once, the size of the table and that of the page. A second line compares the same
first page with as many leads on both sides: the larger one is asked for a page of what the smaller one has (of one
lead, where it has none).
"""

import sys
from contextlib import ExitStack
from functools import partial
from typing import Any

from bench.filling import filled
from bench.measuring import Line, Spread, interleaved
from bench.script import run, size_name
from bench.stack import BenchStack, bench_stack

MOST_TIMES, MOST_MILLISECONDS = 1.5, 150.0
# Below this a ratio says more about the clock than about an index.
LEAST_MILLISECONDS = 3.0
PLANS_OF_SLOWEST = 3
FULL_PAGE = "the same page at the smaller size, at least a full one"
ALIKE = ", pages alike"
AS_MANY = "the same first page at the smaller size, asked for as many leads"

# Kind → (who looks, what the address asks for). `{…}` are values of a lead in the middle of the list.
EQUALITIES = {
    "no filter": ("operations", ""),
    "common status": ("operations", "status=new"),
    "rare status": ("operations", "status=converted"),
    "city, one in 20": ("operations", "data.city=Pune"),
    "product, one in 5": ("operations", "data.product=Home loan"),
    "product, one in 2,000": ("operations", "data.product=Bridge loan"),
    "credit score, one in 600": ("operations", "data.credit_score=777"),
    "a value nobody has": ("operations", "data.city=Atlantis"),
    "city and product": ("operations", "data.city=Pune&data.product=Gold loan"),
    "rare and common": ("operations", "data.product=Bridge loan&data.city=Pune"),
    "two that never meet": ("operations", "data.product=Bridge loan&data.city=Atlantis"),
    "status and city": ("operations", "status=converted&data.city=Pune"),
    "source": ("operations", "source=Referral"),
    "campaign": ("operations", "campaign=Diwali"),
    "source and city": ("operations", "source=Referral&data.city=Pune"),
    "nobody's leads": ("operations", "owner=none"),
    "team leader's scope": ("leader", ""),
    "team leader, city": ("leader", "data.city=Pune"),
    "team leader, rare product": ("leader", "data.product=Bridge loan"),
    "agent's own": ("agent", ""),
    "agent, city and product": ("agent", "data.city=Pune&data.product=Gold loan"),
}
SEARCHES = {
    "first name, one in 20": ("operations", "search=asha"),
    "beginning of a name": ("operations", "search=as"),
    "first and last name": ("operations", "search={name}"),
    "whole phone": ("operations", "search={phone}"),
    "end of a phone": ("operations", "search={fragment}"),
    "e-mail": ("operations", "search={mail}"),
    "PAN": ("operations", "search={pan}"),
    "reference": ("operations", "search={reference}"),
    "a name nobody has": ("operations", "search=quetzalcoatl"),
    "team leader, first name": ("leader", "search=asha"),
    "agent, end of a phone": ("agent", "search={fragment}"),
}
RANGES = {
    "income, upper half": ("operations", "data.income__gte=200000"),
    "income, a hundredth": ("operations", "data.income__between=100000,104000"),
    "income, nobody": ("operations", "data.income__gte=9000000"),
    "enquired, last month of all": ("operations", "data.enquired__gte=2025-11-01"),
    "score and income": ("operations", "data.credit_score__gte=880&data.income__gte=380000"),
    "city beginning with": ("operations", "data.city__starts_with=Ma"),
    "rare product and income": ("operations", "data.product=Bridge loan&data.income__gte=200000"),
    "team leader, income": ("leader", "data.income__gte=200000"),
    "ordered by income": ("operations", "ordering=-data.income"),
}


def measure(sizes: list[int]) -> tuple[list[Line], dict[str, Any]]:
    """Measure the largest size beside the smallest."""
    lines: list[Line] = []
    notes: dict[str, Any] = {}
    with ExitStack() as open_stacks:
        stacks = {
            size: open_stacks.enter_context(bench_stack()) for size in dict.fromkeys((sizes[0], sizes[-1]))
        }
        for size, stack in stacks.items():
            filled(stack, size)
        small, large = stacks[sizes[0]], stacks[sizes[-1]]
        size = f"{size_name(sizes[-1])} beside {size_name(sizes[0])}"
        repetitions = 5 if sizes[-1] >= 5_000 else 1
        for kind, pages in (("equality", EQUALITIES), ("search", SEARCHES), ("range", RANGES)):
            lines += _lines(kind, pages, small, large, size, repetitions)
        slowest = sorted(lines, key=lambda line: line.figure.median / (line.reach or 1), reverse=True)
        notes["plans"] = (
            {
                line.work: large.call("work.listing:plans", **_asked(large, line))
                for line in slowest[:PLANS_OF_SLOWEST]
            }
            if sizes[-1] >= 5_000
            else {}
        )
    return lines, notes


ALL = {**EQUALITIES, **SEARCHES, **RANGES}


def _asked(stack: BenchStack, line: Line) -> dict[str, str]:
    who, address = ALL[line.work.partition(": ")[2].removesuffix(ALIKE)]
    return {"who": who, "address": address.format(**stack.call("work.listing:lead_codes"))}


def _lines(
    kind: str,
    pages: dict[str, tuple[str, str]],
    small: BenchStack,
    large: BenchStack,
    size: str,
    repetitions: int,
) -> list[Line]:
    codes = {id(stack): stack.call("work.listing:lead_codes") for stack in (small, large)}
    lines = []
    for name, (who, address) in pages.items():
        sides = {
            side: partial(stack.call, "work.listing:read_page", who=who, address=asked)
            for side, stack, asked in (
                ("small", small, address.format(**codes[id(small)])),
                ("large", large, address.format(**codes[id(large)])),
                ("full", small, ""),
            )
        }
        interleaved(2, **sides)
        found = interleaved(repetitions, **sides)
        small_side = found["small"]
        if _leads(found, "small") < _leads(found, "large"):
            small_side = max(found["small"], found["full"], key=lambda runs: _spread(runs).median)
        lines.append(_line(kind, name, size, small_side, found["large"]))
        lines[-1].absolute["leads on the page"] = _numbers(found)
        if kind != "range" and _leads(found, "small") < _leads(found, "large"):
            asked = {"page_size": max(1, _leads(found, "small")), "is_first": True}
            pages_alike = {side: partial(sides[side], **asked) for side in ("small", "large")}
            interleaved(1, **pages_alike)
            found = interleaved(repetitions, **pages_alike)
            lines.append(_line(kind, name + ALIKE, size, found["small"], found["large"], AS_MANY))
            lines[-1].absolute["leads on the page"] = _numbers(found)
    return lines


Runs = list[dict[str, float]]


def _leads(found: dict[str, Runs], side: str) -> int:
    return round(found[side][0]["leads"])


def _numbers(found: dict[str, Runs]) -> str:
    return ", ".join(str(_leads(found, side)) for side in ("large", "small"))


def _spread(runs: Runs, figure: str = "milliseconds") -> Spread:
    return Spread.of(run[figure] for run in runs)


def _line(kind: str, name: str, size: str, small: Runs, large: Runs, against: str = FULL_PAGE) -> Line:
    before, after = _spread(small), _spread(large)
    used_before, used_after = _spread(small, "processor"), _spread(large, "processor")
    absolute = {
        "here": f"{after} ms",
        "there": f"{before} ms",
        "processor": f"{used_after} ms, {used_before} ms: {used_after.median / used_before.median:.3g} ×",
    }
    if kind == "range":
        return Line(
            f"list_range {name}", f"range: {name}", "newest first, the time itself", size, after, " ms",
            MOST_MILLISECONDS, at_most=True, absolute=absolute,
        )  # fmt: skip
    floor = max(before.median, LEAST_MILLISECONDS)
    ratio = Spread(
        *(max(each, LEAST_MILLISECONDS) / floor for each in (after.least, after.median, after.most))
    )
    return Line(
        f"list_{kind} {name}", f"{kind}: {name}", against, size, ratio, " ×",
        MOST_TIMES, at_most=True, absolute=absolute,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(run("lists"))
