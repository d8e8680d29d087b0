"""The key of a whole call, within the transaction of the call."""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from core.idempotency.keys import Outcome, Sent, StillRunning, oldest_kept, outcome_of
from core.models import IdempotencyKey, IdempotencyScope
from core.scope import current_organization_id


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call under a key: `outcome` is set where the call was made before."""

    sent: Sent
    outcome: Outcome | None = None

    def keep(self, outcome: Outcome) -> None:
        """Keep the outcome under the key; it is there once the transaction has committed."""
        IdempotencyKey.objects.create(
            credential=self.sent.credential,
            scope=IdempotencyScope.CALL,
            key=self.sent.key,
            method=self.sent.method,
            path=self.sent.path,
            body_sha256=self.sent.body_sha256,
            status=outcome.status,
            headers=dict(outcome.headers),
            answer=dict(outcome.answer),
            created_at=timezone.now(),
        )


def begin(sent: Sent) -> Attempt:
    """Take the key for this transaction, or find out how the call ended that was made with it before.

    Nobody waits: whoever comes while the first call runs is told so.

    Raises:
        StillRunning: another transaction is at work under the key.
        KeyReused: the key was sent with something else.
    """
    if not _lock(sent):
        raise StillRunning
    # Read by a statement of its own, behind the lock: it sees what its last holder committed.
    row = IdempotencyKey.objects.filter(
        credential=sent.credential, scope=IdempotencyScope.CALL, key=sent.key
    ).first()
    if row is None:
        return Attempt(sent)
    if row.created_at < oldest_kept():
        row.delete()
        return Attempt(sent)
    return Attempt(sent, outcome_of(row, sent))


def _lock(sent: Sent) -> bool:
    """Whether the key is this transaction's: the lock ends with it, however it ends."""
    name: tuple[Any, ...] = ("idempotency", current_organization_id(), sent.credential, sent.key)
    digest = hashlib.sha256("\x1f".join(map(str, name)).encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)]
        )
        return bool(cursor.fetchone()[0])
