"""How tests are spread over workers: file by file, and folders that share something costly in one go.

What lasts longest is begun first, so that no worker is left with it when the others are done.
Groups by mark (`--dist loadgroup`) have no effect here: they rename tests, which this version of pytest ignores.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# The tests of each of these folders run in one worker, in one go.
TOGETHER = (
    "tests/browser/",
    "tests/bench/",
    "tests/config/",
    "tests/deploy/",
    "tests/performance/",
)
# What lasts longest, of `make test` and of `make verify`. The rest follows: files with many tests, then those with few.
FIRST = (
    "tests/browser/",
    "tests/faults/test_imports.py",
    "tests/deploy/",
    "tests/config/",
    "tests/faults/",
    "tests/core/api/test_fuzzing.py",
    "tests/performance/",
    "tests/core/templates/test_browser.py",
    "tests/forty_fields/",
    "tests/bench/",
    "tests/leads/doors/",
    "tests/core/backup/",
)


def unit_of(nodeid: str) -> str:
    """What a test is handed out with: its folder where that is one of `TOGETHER`, else its file."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.split("::", 1)[0])


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests in the order in which they are handed out; those of a unit keep theirs."""
    counts = Counter(unit_of(item.nodeid) for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        unit = unit_of(item.nodeid)
        known = (number for number, start in enumerate(FIRST) if unit.startswith(start))
        return next(known, len(FIRST)), -counts[unit], unit

    return sorted(items, key=place)


class Spreading(LoadScopeScheduling):
    """Hands out units in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
