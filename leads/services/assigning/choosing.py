"""Whose turn it is: pure, from how many leads a rule has given and who is there."""

import heapq
from collections.abc import Mapping, Sequence
from functools import lru_cache

from leads.models import AssignmentMethod


@lru_cache(maxsize=256)
def weighted_cycle(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Return one full cycle of places, each as often as it weighs and as evenly spread as can be.

    Smooth weighted round robin: all places gain their weight, the highest is chosen and pays the sum.
    """
    gained = [0] * len(weights)
    total = sum(weights)
    cycle = []
    for _turn in range(total):
        gained = [have + weight for have, weight in zip(gained, weights, strict=True)]
        chosen = max(range(len(weights)), key=lambda place: gained[place])
        gained[chosen] -= total
        cycle.append(chosen)
    return tuple(cycle)


def choose(
    method: str,
    people: Sequence[int],
    weights: Mapping[int, int],
    *,
    turn: int,
    count: int,
    loads: Mapping[int, int],
) -> list[tuple[int, int | None]]:
    """Return for each of `count` leads from `turn` on who gets it, and how many open leads the person had then.

    `people` is not empty; `loads` counts open leads (needed for least loaded alone); equals go by the order of people.
    """
    turns = range(turn, turn + count)
    match method:
        case AssignmentMethod.FIRST:
            return [(people[0], None)] * count
        case AssignmentMethod.LEAST_LOADED:
            return _least_loaded(people, loads, count)
        case AssignmentMethod.WEIGHTED:
            cycle = weighted_cycle(tuple(weights.get(person, 1) for person in people))
            return [(people[cycle[each % len(cycle)]], None) for each in turns]
    return [(people[each % len(people)], None) for each in turns]


def _least_loaded(
    people: Sequence[int], loads: Mapping[int, int], count: int
) -> list[tuple[int, int | None]]:
    heap = [(loads.get(person, 0), place, person) for place, person in enumerate(people)]
    heapq.heapify(heap)
    chosen: list[tuple[int, int | None]] = []
    for _lead in range(count):
        load, place, person = heap[0]
        chosen.append((person, load))
        heapq.heapreplace(heap, (load + 1, place, person))
    return chosen
