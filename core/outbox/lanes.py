"""Who delivers which message: lanes that are due, leases on their first messages, fences. By the database's clock.

A worker takes the lane that has been due for longest and in it the first message, for `LEASE_SECONDS`, which it
renews while it delivers. The lane is due again when that lease would be over: should the worker be killed, another
one finds it there. The token that the message gets with each taking is the fence: who was stopped and wakes up again
writes no outcome.

Locks are taken in one order, the lane before its message, and never a lane by who holds rows of a consumer.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core.jobs.errors import LeaseLost
from core.jobs.lease import LEASE_SECONDS, Renewal, log_line, storable, worker_name
from core.outbox.registry import AfterPoison, Delivery
from core.scope import system_scope

LOG_LINES = 20
ERROR_CHARACTERS = 1_000

# What a crash of the database itself may forget: who had a lane is over then, and it is due again.
NO_HURRY = "SET LOCAL synchronous_commit = off"
# A stable time, which an index takes as its bound.
DUE_LANE = """
SELECT id, taken_id FROM core_outboxlane WHERE due_at <= statement_timestamp()
 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
# The message that is being delivered, else the first that waits. Looked for before it is locked: a locked one must
# not be passed over for the next.
FIRST = """
SELECT COALESCE(
    (SELECT id FROM core_outboxmessage
      WHERE id = %(taken)s AND state = 'waiting' AND lease_until > clock_timestamp()),
    (SELECT id FROM core_outboxmessage WHERE lane_id = %(lane)s AND state = 'waiting' ORDER BY id LIMIT 1))
"""
TAKE = f"""
UPDATE core_outboxmessage SET token = token + 1, attempts = attempts + 1, worker = %(worker)s,
       lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
 WHERE id = (SELECT id FROM core_outboxmessage WHERE id = %(id)s AND state = 'waiting'
                AND COALESCE(GREATEST(lease_until, next_attempt_at) <= clock_timestamp(), true)
                FOR UPDATE SKIP LOCKED)
RETURNING id, token, lane_id, organization_id, consumer, created_by_id, request_id,
          message_id, topic, aggregate, payload::text, created_at, attempts
"""
IDLE = "UPDATE core_outboxlane SET due_at = NULL, woken_at = NULL WHERE id = %(lane)s"
LEASED = f"""
UPDATE core_outboxlane SET due_at = clock_timestamp() + interval '{LEASE_SECONDS} seconds', woken_at = NULL,
       taken_id = %(id)s
 WHERE id = %(lane)s
"""
# Another worker has the message, or its pause is not over.
NOT_YET = """
UPDATE core_outboxlane SET woken_at = NULL, due_at = GREATEST(
       clock_timestamp() + interval '1 second',
       (SELECT GREATEST(lease_until, next_attempt_at) FROM core_outboxmessage WHERE id = %(id)s))
 WHERE id = %(lane)s
"""
LOCK_LANE = "SELECT 1 FROM core_outboxlane WHERE id = %(lane)s FOR UPDATE"
# After LOCK_LANE, as a statement of its own: it must see what was published while the lock was waited for.
SETTLE = """
UPDATE core_outboxlane SET woken_at = NULL, stopped = %(stopped)s, due_at = CASE
       WHEN NOT %(stopped)s AND EXISTS (
            SELECT 1 FROM core_outboxmessage WHERE lane_id = %(lane)s AND state = 'waiting')
       THEN clock_timestamp() END
 WHERE id = %(lane)s
"""
PAUSE = "UPDATE core_outboxlane SET due_at = %(until)s, woken_at = NULL WHERE id = %(lane)s"

_HELD = "id = %(id)s AND token = %(token)s AND state = 'waiting'"
_LOGGED = f"""log = (SELECT jsonb_agg(newest.line ORDER BY newest.position) FROM (
    SELECT entry.line, entry.position
      FROM jsonb_array_elements(log || %(line)s::jsonb) WITH ORDINALITY AS entry (line, position)
     ORDER BY entry.position DESC LIMIT {LOG_LINES}) AS newest)"""
RENEW = f"""
UPDATE core_outboxmessage SET lease_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'
 WHERE {_HELD} RETURNING id
"""
DELIVERED = f"""
UPDATE core_outboxmessage SET state = 'delivered', delivered_at = clock_timestamp(), lease_until = NULL,
       next_attempt_at = NULL, error = '',
       payload = CASE WHEN %(forget)s THEN '{{}}'::jsonb ELSE payload END
 WHERE {_HELD} RETURNING id
"""
FAILED = f"""
UPDATE core_outboxmessage SET lease_until = NULL, error = %(error)s, {_LOGGED},
       next_attempt_at = clock_timestamp() + make_interval(secs => %(seconds)s)
 WHERE {_HELD} RETURNING next_attempt_at
"""
SET_ASIDE = f"""
UPDATE core_outboxmessage SET state = 'poisoned', poisoned_at = clock_timestamp(), lease_until = NULL,
       next_attempt_at = NULL, error = %(error)s, {_LOGGED}
 WHERE {_HELD} RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to deliver one message, the first of its lane. Its writes raise LeaseLost once another has it."""

    id: int
    token: int
    lane_id: int
    organization_id: int | None
    consumer: str
    actor_id: int | None
    request_id: str
    delivery: Delivery

    @property
    def label(self) -> str:
        """A name for threads and logs."""
        return f"message-{self.id}"

    def renew(self) -> Renewal:
        """Extend the lease, as a heartbeat does."""
        with system_scope(reason="outbox"), connection.cursor() as cursor:
            cursor.execute(RENEW, {"id": self.id, "token": self.token})
            return Renewal(lost=cursor.fetchone() is None, cancel_requested=False)

    def mark_delivered(self, *, forget_payload: bool) -> None:
        """Note that the message is delivered: in the consumer's transaction, the last statement before its end."""
        self._write(DELIVERED, forget=forget_payload)

    def settle_lane(self) -> None:
        """Let the next message of the lane be due at once; after the mark has committed."""
        with system_scope(reason="outbox"), transaction.atomic():
            _execute(NO_HURRY)
            _execute(LOCK_LANE, lane=self.lane_id)
            _execute(SETTLE, lane=self.lane_id, stopped=False)

    def pause(self, seconds: float, error: str) -> None:
        """Note a failed attempt, and let the lane be due again in so many seconds."""
        until = self._write(FAILED, seconds=seconds, **self._told(error))[0]
        _execute(PAUSE, lane=self.lane_id, until=until)

    def set_aside(self, error: str, after: AfterPoison) -> None:
        """Put the message into the poison queue; the lane goes on, or stops, in the same transaction."""
        with system_scope(reason="outbox"), transaction.atomic():
            _execute(LOCK_LANE, lane=self.lane_id)
            self._write(SET_ASIDE, **self._told(error))
            _execute(SETTLE, lane=self.lane_id, stopped=after is AfterPoison.WAIT)

    def _told(self, error: str) -> dict[str, str]:
        text = f"Attempt {self.delivery.attempt}, {worker_name()}: {error}"
        return {"error": storable(error, ERROR_CHARACTERS), "line": json.dumps([log_line(text, "error")])}

    def _write(self, statement: str, **values: Any) -> tuple[Any, ...]:
        row = _execute(statement, id=self.id, token=self.token, **values)
        if row is None:
            raise LeaseLost
        return row


def claim_next() -> Claim | None:
    """Take the first message of the lane that has been due for longest; None when no lane is due."""
    while True:
        with system_scope(reason="outbox"), transaction.atomic():
            _execute(NO_HURRY)
            lane = _execute(DUE_LANE)
            if lane is None:
                return None
            claim = _claim_first(*lane)
        if claim is not None:
            return claim


def _claim_first(lane: int, taken_before: int | None) -> Claim | None:
    (first,) = _execute(FIRST, lane=lane, taken=taken_before) or (None,)
    if first is None:
        _execute(IDLE, lane=lane)
        return None
    taken = _execute(TAKE, id=first, worker=worker_name())
    if taken is None:
        _execute(NOT_YET, lane=lane, id=first)
        return None
    _execute(LEASED, lane=lane, id=first)
    return _claim(*taken)


def _claim(
    row_id: int,
    token: int,
    lane_id: int,
    organization_id: int | None,
    consumer: str,
    actor_id: int | None,
    request_id: str,
    message_id: uuid.UUID,
    topic: str,
    aggregate: str,
    payload: str,
    created_at: datetime,
    attempts: int,
) -> Claim:
    delivery = Delivery(message_id, topic, aggregate, json.loads(payload), created_at, attempts)
    return Claim(row_id, token, lane_id, organization_id, consumer, actor_id, request_id, delivery)


def _execute(statement: str, **values: Any) -> tuple[Any, ...] | None:
    """Execute as the owner, and return the first row there is."""
    with system_scope(reason="outbox"), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else None
