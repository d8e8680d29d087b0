"""The committed table of how many queries each page and call makes, and how it is held.

`query_counts.json` maps “role METHOD address” to a number of statements. Who adds a page adds its line; who makes
one cheaper lowers its number. With LEADLEDGER_WRITE_QUERY_COUNTS=1 in the environment the test writes what it
counted.
"""

import json
import os
from pathlib import Path

TABLE = Path(__file__).with_suffix(".json")
WRITES = os.environ.get("LEADLEDGER_WRITE_QUERY_COUNTS") == "1"


def read_counts() -> dict[str, int]:
    """The committed table."""
    return json.loads(TABLE.read_text())


def hold_count(entry: str, counted: int) -> None:
    """Fail where more statements were made than the table allows; write the table instead where that is asked."""
    counts = read_counts()
    if WRITES:
        counts[entry] = counted
        TABLE.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
        return
    allowed = counts[entry]
    assert counted <= allowed, (
        f"{entry} makes {counted} queries, {allowed} are allowed (tests/performance/query_counts.json)."
    )
