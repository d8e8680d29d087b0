"""Writing messages, in the transaction of the change they tell of."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from core.jobs.wakeup import wake_deliveries
from core.outbox.registry import consumers_of
from core.scope import NoOrganization, current_scope

# A payload names things; what it would take more room for is read by the consumer.
LONGEST_PAYLOAD = 8_000

# The lanes are locked before the ids are drawn, in one order: ids of a lane are in the order of the commits, and
# two that publish many cannot wait for each other.
PUBLISH = """
WITH given AS (
    SELECT aggregate COLLATE "C" AS aggregate, payload, number
      FROM unnest(%(aggregates)s::text[], %(payloads)s::jsonb[])
           WITH ORDINALITY AS pair (aggregate, payload, number)),
lanes AS (
    INSERT INTO core_outboxlane AS lane
           (organization_id, consumer, aggregate, due_at, stopped, used_at)
    SELECT %(organization)s::bigint, consumer, aggregate, clock_timestamp(), false, clock_timestamp()
      FROM (SELECT DISTINCT aggregate FROM given) AS named, unnest(%(consumers)s::text[]) AS consumer
     ORDER BY consumer, aggregate
    ON CONFLICT (organization_id, consumer, aggregate) DO UPDATE SET used_at = EXCLUDED.used_at,
           due_at = CASE WHEN lane.stopped THEN NULL ELSE COALESCE(lane.due_at, EXCLUDED.due_at) END
    RETURNING id, consumer, aggregate)
INSERT INTO core_outboxmessage
       (organization_id, message_id, topic, consumer, aggregate, payload, state, attempts, error, log,
        created_at, created_by_id, request_id, lane_id, token, worker)
SELECT %(organization)s::bigint, gen_random_uuid(), %(topic)s, lanes.consumer, given.aggregate, given.payload,
       'waiting', 0, '', '[]', clock_timestamp(), %(actor)s::bigint, %(request)s, lanes.id, 0, ''
  FROM given JOIN lanes USING (aggregate)
 ORDER BY given.number, lanes.consumer
"""


def publish(*, topic: str, aggregate: str, payload: Mapping[str, Any]) -> None:
    """Owe a message to every consumer of the topic, once the transaction in force commits.

    The message belongs to the organisation in force; in `system_scope` without one, to none.

    Args:
        topic: what happened; somebody must consume it.
        aggregate: what it happened to, such as lead:42. To one consumer its messages go in order.
        payload: JSON, small: ids rather than personal data.

    Raises:
        TransactionManagementError: there is no transaction, so nothing could commit with the message.
        UnknownTopic: nobody consumes the topic.
        NoOrganization: no organisation is in force.
    """
    publish_many(topic=topic, messages=[(aggregate, payload)])


def publish_many(*, topic: str, messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Owe many messages of one topic: pairs of aggregate and payload, in their order. See `publish`."""
    names = [each.name for each in consumers_of(topic)]
    if not connection.in_atomic_block:
        raise TransactionManagementError("A message is published in the transaction of what it tells of.")
    scope = current_scope()
    if scope.organization_id is None and not scope.system:
        raise NoOrganization
    pairs = [(aggregate, _text(topic, payload)) for aggregate, payload in messages]
    if not pairs:
        return
    values = {
        "aggregates": [aggregate for aggregate, _payload in pairs],
        "payloads": [payload for _aggregate, payload in pairs],
        "consumers": names,
        "organization": scope.organization_id,
        "topic": topic,
        "actor": scope.actor_id,
        "request": scope.request_id[:64],
    }
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, values)
    _wake_after_commit()


def _text(topic: str, payload: Mapping[str, Any]) -> str:
    text = json.dumps(dict(payload), cls=DjangoJSONEncoder)
    if len(text) > LONGEST_PAYLOAD:
        raise ValueError(
            f"A message of {topic} carries {len(text)} characters. Let it name what it is about."
        )
    return text


def _wake_after_commit() -> None:
    """Wake a worker once the transaction commits; once, however many messages it publishes."""
    inside = set(connection.savepoint_ids)
    planned = [savepoints for savepoints, call, *_ in connection.run_on_commit if call is wake_deliveries]
    if not any(savepoints <= inside for savepoints in planned):
        transaction.on_commit(wake_deliveries, robust=True)
