"""How tests are spread over workers: each by itself, but those that share something costly go to one worker.

Groups by mark (`--dist loadgroup`) have no effect here: they rename tests, which this version of pytest ignores.
"""

from xdist.scheduler import LoadScopeScheduling

# The tests of each of these folders run in one worker, in one go.
TOGETHER = (
    "tests/bench/",
    "tests/browser/",
    "tests/config/",
    "tests/deploy/",
    "tests/faults/",
    "tests/performance/",
)


class Spreading(LoadScopeScheduling):
    """Hands out tests one by one, and the tests of a folder of `TOGETHER` at once."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
