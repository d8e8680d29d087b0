"""Delivering what is due: one message after another, in a worker or wherever somebody waits for it."""

import random
import time
import uuid
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from core.errors import ApplicationError
from core.jobs.errors import LeaseLost
from core.jobs.heartbeat import Heartbeat
from core.jobs.run import limit_idle_time
from core.outbox.lanes import Claim, claim_next
from core.outbox.registry import AfterPoison, Consumer, Undeliverable, find_consumer
from core.outbox.wording import without_personal_data
from core.scope import Scope, entered

log = structlog.get_logger("leadledger.outbox")

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3_600.0
# Of a message whose consumer this process does not know: a newer worker may.
TRIES_WITHOUT_CONSUMER = 10

LOSES_WORKERS = (
    "The worker was lost while it delivered this message, at the last attempt too. Its log tells more."
)


def deliver_due(*, seconds: float | None = None, stop: Callable[[], bool] = lambda: False) -> bool:
    """Deliver messages until none is due; return False when the time was over before.

    Whatever becomes of a message is in its row and in the log.

    Args:
        seconds: how long to go on at most; None: until nothing is due.
        stop: asked between messages whether to end.

    Raises:
        OperationalError, InterfaceError: the database is out of reach.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while not stop():
        if until is not None and time.monotonic() > until:
            return False
        claim = claim_next()
        if claim is None:
            return True
        _deliver(claim)
    return True


def pause_seconds(attempt: int) -> float:
    """Return how long to wait after an attempt (from 1): twice as long each time, spread so that not all meet."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 1, 30), LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)


def _deliver(claim: Claim) -> None:
    scope = Scope(
        organization_id=claim.organization_id,
        actor_id=claim.actor_id,
        request_id=claim.request_id,
        reason=claim.delivery.topic,
    )
    with (
        structlog.contextvars.bound_contextvars(
            message_id=str(claim.delivery.message_id), topic=claim.delivery.topic, request_id=claim.request_id
        ),
        entered(scope),
        Heartbeat(claim, scope),
    ):
        try:
            _attempt(claim)
        except LeaseLost:
            log.warning("message_lease_lost", attempt=claim.delivery.attempt)


def _attempt(claim: Claim) -> None:
    """Call the consumer and write what became of it; LeaseLost passes."""
    found = find_consumer(claim.consumer)
    try:
        if found is None:
            raise _unknown(claim)
        if claim.delivery.attempt > found.tries:
            raise Undeliverable(LOSES_WORKERS)
        _consume(found, claim)
    except Undeliverable as error:
        _set_aside(claim, found, error.message)
    except ApplicationError as error:
        _fail(claim, found, error.message)
    except Exception as error:
        _fail(claim, found, _in_words(error))
    else:
        log.info("message_delivered", attempt=claim.delivery.attempt)
        claim.settle_lane()


def _consume(found: Consumer, claim: Claim) -> None:
    if found.external:
        found.handler(claim.delivery)
        claim.mark_delivered(forget_payload=found.forgets_payload)
        return
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            limit_idle_time()
        found.handler(claim.delivery)
        claim.mark_delivered(forget_payload=found.forgets_payload)


def _fail(claim: Claim, found: Consumer | None, told: str) -> None:
    _drop_broken_connection()
    attempt = claim.delivery.attempt
    if attempt >= (found.tries if found else TRIES_WITHOUT_CONSUMER):
        _set_aside(claim, found, told)
        return
    seconds = pause_seconds(attempt)
    claim.pause(seconds, told)
    log.warning("message_failed", attempt=attempt, error=told, seconds=round(seconds, 1))


def _set_aside(claim: Claim, found: Consumer | None, told: str) -> None:
    claim.set_aside(told, found.after_poison if found else AfterPoison.WAIT)
    log.error("message_set_aside", attempt=claim.delivery.attempt, error=told)


def _unknown(claim: Claim) -> ApplicationError:
    return ApplicationError(
        "unknown_consumer",
        f"No part of this installation consumes messages as “{claim.consumer}”. Update the worker.",
    )


def _in_words(error: Exception) -> str:
    """What is kept of an unexpected error: its kind and words, without what may be personal; the log has it all."""
    error_id = uuid.uuid4().hex[:12]
    if not isinstance(error, (OperationalError, InterfaceError)):
        log.exception("message_crashed", error_id=error_id)
    return f"{type(error).__name__}: {without_personal_data(str(error))} (error id {error_id})"


def _drop_broken_connection() -> None:
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
