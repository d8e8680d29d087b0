"""Taking the next message and publishing one more, behind 100,000 that were delivered: by index, a few rows."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Role
from core.outbox import lanes, sweeping
from core.queries.outbox import poisoned_messages, undelivered_messages
from core.retention.purges import delivered_messages
from core.scope import Scope, entered, organization_scope, system_scope
from tests.factories import make_actor, make_organization
from tests.performance.plans import nodes_of

pytestmark = pytest.mark.django_db
DELIVERED = 100_000
TABLES = frozenset(("core_outboxmessage", "core_outboxlane"))
MOST_ROWS = 200

LANES = """
INSERT INTO core_outboxlane (organization_id, consumer, aggregate, due_at, stopped, used_at)
SELECT %(organization)s, 'test', 'lead:' || n,
       CASE WHEN n %% 50 = 0 THEN now() - interval '1 minute' WHEN n %% 50 = 1 THEN now() + interval '1 hour' END,
       false, now()
  FROM generate_series(1, 10000) AS n
"""
# One message in a thousand waits or is set aside; 3,000 wait behind one another in one lane.
MESSAGES = """
INSERT INTO core_outboxmessage (organization_id, message_id, topic, consumer, aggregate, payload, state, attempts,
       error, log, created_at, delivered_at, poisoned_at, request_id, lane_id, token, worker)
SELECT %(organization)s, gen_random_uuid(), 'test', 'test', lane.aggregate, '{}', kind.state, 1, '', '[]', now(),
       CASE WHEN kind.state = 'delivered' THEN now() - n * interval '10 seconds' END,
       CASE WHEN kind.state = 'poisoned' THEN now() END, '', lane.id, 1, ''
  FROM generate_series(1, %(delivered)s) AS n
  JOIN core_outboxlane AS lane ON lane.aggregate = 'lead:' || (1 + n %% 10000)
   AND lane.organization_id = %(organization)s,
       LATERAL (SELECT CASE WHEN n %% 1000 = 0 THEN 'waiting' WHEN n %% 1000 = 1 THEN 'poisoned'
                            ELSE 'delivered' END AS state) AS kind
"""


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[Actor]:
    """Somebody of operations in an organisation that has delivered much, beside another that has too."""
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():
        organizations = [make_organization("many"), make_organization("others")]
        with system_scope(), connection.cursor() as cursor:
            for organization in organizations:
                values = {"organization": organization.pk, "delivered": DELIVERED // 2}
                cursor.execute(LANES, values)
                cursor.execute(MESSAGES, values)
            cursor.execute("ANALYZE core_outboxlane, core_outboxmessage")
        yield make_actor(organizations[0], Role.OPERATIONS)
        transaction.set_rollback(True)


def touched(statement: str, parameters: Any = None) -> int:
    """Carry out a statement, take it back, and return how many rows of the outbox it read; none in sequence."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + statement, parameters)
        answer = cursor.fetchone()[0]
        transaction.set_rollback(True)
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    rows = 0
    for node in nodes_of(plan):
        if node.get("Relation Name") in TABLES and node["Node Type"] != "ModifyTable":
            assert node["Node Type"] != "Seq Scan" or not node["Actual Loops"], json.dumps(plan, indent=1)
            removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            rows += round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return rows


def waiting() -> tuple[int, int]:
    """A lane that is due, and its first message."""
    with connection.cursor() as cursor:
        cursor.execute(lanes.DUE_LANE)
        lane = cursor.fetchone()[0]
        cursor.execute(lanes.FIRST, {"lane": lane, "taken": None})
        return lane, cursor.fetchone()[0]


def test_claiming_reads_a_handful_of_rows(many):
    with system_scope():
        lane, message = waiting()
        values = {"lane": lane, "taken": None, "id": message, "worker": "w", "token": 1, "stopped": False}
        for statement in (lanes.DUE_LANE, lanes.FIRST, lanes.TAKE, lanes.LEASED, lanes.NOT_YET, lanes.SETTLE):
            assert touched(statement, values) < 10, statement


def test_ending_a_delivery_reads_a_handful_of_rows(many):
    with system_scope():
        _lane, message = waiting()
        values = {"id": message, "token": 1, "forget": False, "error": "", "line": "[]", "seconds": 1}
        for statement in (lanes.RENEW, lanes.DELIVERED, lanes.FAILED, lanes.SET_ASIDE):
            assert touched(statement, values) < 10, statement


def test_sweeping_reads_no_more_than_it_wakes_for(many):
    with system_scope():
        assert touched(sweeping.LATE) <= 4 * sweeping.LOOKED_AT_TOGETHER


def test_the_console_reads_what_is_not_delivered(many):
    with organization_scope(many.organization):
        for rows in (undelivered_messages(many), poisoned_messages(many)):
            query, parameters = rows.order_by("-id")[:50].query.sql_with_params()
            assert touched(query, parameters) <= MOST_ROWS


def test_purging_reads_what_it_removes(many):
    with organization_scope(many.organization):
        old = delivered_messages(timezone.now() - timedelta(days=3))
        query, parameters = old.values_list("pk")[:100].query.sql_with_params()
        assert touched(query, parameters) <= MOST_ROWS
