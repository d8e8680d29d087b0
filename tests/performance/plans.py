"""Reading the plans of statements as PostgreSQL carries them out for the application role."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

HOT = frozenset(
    (
        "leads_lead",
        "leads_leadvalue",
        "leads_leadtoken",
        "leads_historicallead",
        "leads_duplicatekey",
        "leads_leadtag",
        "leads_stallclock",
    )
)

# Indexes whose ranges hold many leads. Each may be walked once for each alternative of a condition.
BY_VALUE = frozenset(("lead_value_text", "lead_value_number", "lead_value_date", "leads_leadtoken_pkey"))
MOST_ARMS = 25


@dataclass
class Touched:
    """What the statements of one piece of work did to the hot tables."""

    sequential: list[str] = field(default_factory=list)
    rows: int = 0
    # Of them, those that were looked at in their table: not only read off an index.
    looked_at: int = 0
    indexes: set[str] = field(default_factory=set)
    statements: list[str] = field(default_factory=list)
    # How often an index on values or tokens was walked for one lead.
    looked_up_by_range: int = 0

    def __str__(self) -> str:
        rows = f"{self.rows} rows ({self.looked_at} in their table) by {sorted(self.indexes)}"
        return "\n".join([f"{rows}; sequential: {self.sequential}", *self.statements])


def plans_of(work: Callable[[], Any]) -> Touched:
    """Do the work, then explain and carry out again each SELECT on a hot table that it made."""
    with CaptureQueriesContext(connection) as queries:
        work()
    touched = Touched()
    for query in queries.captured_queries:
        statement = query["sql"]
        if not statement.startswith(("SELECT", "(SELECT", "WITH")) or not any(
            table in statement for table in HOT
        ):
            continue
        touched.statements.append(statement)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            name, *privileges = cursor.fetchone()
            assert name == "leadledger_application"
            assert not any(privileges)
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + statement.replace("%", "%%"), [])
            answer = cursor.fetchone()[0]
        plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
        for node in nodes_of(plan):
            _note(touched, node)
    return touched


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan and all below it."""
    yield node
    for part in node.get("Plans", ()):
        yield from nodes_of(part)


def _note(touched: Touched, node: dict[str, Any]) -> None:
    if node.get("Relation Name") in HOT:
        loops = node["Actual Loops"]
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows = round((node["Actual Rows"] + removed) * loops)
        touched.rows += rows
        if node["Node Type"] != "Index Only Scan":
            touched.looked_at += rows
        if node["Node Type"] == "Seq Scan" and loops:
            touched.sequential.append(node["Relation Name"])
    if "Index Name" in node and node["Actual Loops"]:
        touched.indexes.add(node["Index Name"])
        if node["Index Name"] in BY_VALUE and node["Actual Loops"] > MOST_ARMS:
            touched.looked_up_by_range += node["Actual Loops"]
