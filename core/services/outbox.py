"""Deciding about messages that were set aside: try them again, or let them go."""

from django.db import connection, transaction
from django.db.models.functions import Now

from core.errors import Conflict, FieldError, NotVisible, ValidationFailed
from core.jobs.lease import log_line, storable
from core.jobs.wakeup import wake_deliveries
from core.models import MessageState, OutboxLane, OutboxMessage
from core.outbox.access import AREA, OutboxActor
from core.outbox.registry import AfterPoison, find_consumer

LONGEST_REASON = 500

# The lane may have gone meanwhile, and is held from here on: always before its message.
HOLD_LANE = """
INSERT INTO core_outboxlane AS lane (organization_id, consumer, aggregate, stopped, used_at)
VALUES (%s, %s, %s, false, clock_timestamp())
ON CONFLICT (organization_id, consumer, aggregate) DO UPDATE SET used_at = EXCLUDED.used_at
RETURNING id
"""


def retry_message(*, actor: OutboxActor, message_id: int) -> OutboxMessage:
    """Try a message that was set aside again, from its first attempt on. It comes first in its lane.

    What was published of its aggregate later may have been delivered meanwhile.

    Raises:
        NotPermitted, NotVisible: it is not the actor's to decide.
        Conflict: it is not set aside any more.
    """
    actor.require(AREA, "write")
    with transaction.atomic():
        lane, message = _held(message_id)
        message.state = MessageState.WAITING
        message.attempts = 0
        message.lane_id = lane.pk
        _note(message, f"Tried again by {actor.label}.")
        message.save(update_fields=["state", "attempts", "lane_id", "log"])
        _release(lane, message)
    return message


def discard_message(*, actor: OutboxActor, message_id: int, reason: str) -> OutboxMessage:
    """Let a message go that was set aside: it is never delivered, and kept for a while with who said why.

    Raises:
        NotPermitted, NotVisible: it is not the actor's to decide.
        ValidationFailed: there is no reason.
        Conflict: it is not set aside any more.
    """
    actor.require(AREA, "write")
    why = storable(" ".join(reason.split()), LONGEST_REASON)
    if not why:
        text = "Say why it need not be delivered."
        raise ValidationFailed("reason_required", text, {"reason": [FieldError("required", text)]})
    with transaction.atomic():
        lane, message = _held(message_id)
        message.state = MessageState.DISCARDED
        found = find_consumer(message.consumer)
        if found is not None and found.forgets_payload:
            message.payload = {}
        _note(message, f"Discarded by {actor.label}: {why}")
        message.save(update_fields=["state", "payload", "log"])
        _release(lane, message)
    return message


def _held(message_id: int) -> tuple[OutboxLane, OutboxMessage]:
    """Return a message that is set aside, and its lane, both locked: the lane first, as everywhere."""
    seen = OutboxMessage.objects.filter(pk=message_id).first()
    if seen is None:
        raise NotVisible
    with connection.cursor() as cursor:
        cursor.execute(HOLD_LANE, [seen.organization_id, seen.consumer, seen.aggregate])
        lane = OutboxLane.objects.get(pk=cursor.fetchone()[0])
    message = OutboxMessage.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.POISONED:
        raise Conflict(
            "not_set_aside",
            f"This message is {message.get_state_display().lower()} now; nothing is to decide.",
        )
    return lane, message


def _note(message: OutboxMessage, text: str) -> None:
    message.log = [*message.log, log_line(text)]


def _release(lane: OutboxLane, message: OutboxMessage) -> None:
    """Let the lane go on, unless it waits for another message that is set aside."""
    found = find_consumer(message.consumer)
    others = OutboxMessage.objects.filter(
        consumer=message.consumer, aggregate=message.aggregate, state=MessageState.POISONED
    )
    waits = found is not None and found.after_poison is AfterPoison.WAIT and others.exists()
    OutboxLane.objects.filter(pk=lane.pk).update(stopped=waits, due_at=None if waits else Now())
    transaction.on_commit(wake_deliveries, robust=True)
