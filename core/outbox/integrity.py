"""What must hold of the outbox, whoever was killed when."""

from django.db import connection

from core.integrity.registry import CheckResult, database_check

# Of the messages behind each one in its lane, when the first was delivered. Who was ever set aside has left the
# order, and so has a message that somebody discarded.
OUT_OF_ORDER = """
SELECT id, topic, aggregate FROM (
    SELECT id, topic, aggregate, state, poisoned_at, delivered_at,
           min(delivered_at) OVER (PARTITION BY organization_id, consumer, aggregate ORDER BY id DESC
                                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later_delivered_at
      FROM core_outboxmessage) AS message
 WHERE poisoned_at IS NULL AND later_delivered_at < COALESCE(delivered_at, 'infinity')
"""
# A message that waits in a lane which nobody will look at.
FORGOTTEN = """
SELECT message.id, message.topic, message.aggregate
  FROM core_outboxmessage AS message LEFT JOIN core_outboxlane AS lane
       ON lane.id = message.lane_id AND lane.consumer = message.consumer AND lane.aggregate = message.aggregate
      AND lane.organization_id IS NOT DISTINCT FROM message.organization_id
 WHERE message.state = 'waiting' AND (lane.id IS NULL OR (lane.due_at IS NULL AND NOT lane.stopped))
"""
# Each condition must be true of every message.
CONDITIONS = {
    "state": "state IN ('waiting', 'delivered', 'poisoned', 'discarded')",
    "delivered": "(delivered_at IS NOT NULL) = (state = 'delivered')",
    "set aside": "CASE WHEN state IN ('poisoned', 'discarded') THEN poisoned_at IS NOT NULL AND error <> ''"
    " ELSE true END",
    "lease": "CASE WHEN lease_until IS NOT NULL THEN state = 'waiting' AND token > 0 AND attempts > 0 ELSE true END",
    "history": "jsonb_typeof(log) = 'array'",
}


@database_check("core.outbox")
def check_outbox() -> CheckResult:
    """No message was delivered before an earlier one of its aggregate, none is forgotten, each agrees with itself."""
    breaks = [
        *_named(OUT_OF_ORDER, "comes after a later one of its aggregate"),
        *_named(FORGOTTEN, "is forgotten"),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_outboxmessage")
        tried = cursor.fetchone()[0]
        for name, condition in CONDITIONS.items():
            cursor.execute(f"SELECT id FROM core_outboxmessage WHERE NOT ({condition})")
            breaks += [f"message {row[0]}: {name}" for row in cursor.fetchall()]
    return CheckResult(tried, breaks)


def _named(statement: str, what: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [
            f"message {id_} of {topic} about {aggregate} {what}"
            for id_, topic, aggregate in cursor.fetchall()
        ]
