"""The keys of a batch's items: claimed all at once, before anything is written for them.

A row stands for each key from the beginning of the batch, so that two batches that carry the same item wait
for one another and write it once. Locks for each of a thousand items would fill the database's table of locks.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from core.database.bulk import insert_rows
from core.idempotency.keys import KeyReused, Outcome, Sent, oldest_kept, outcome_of
from core.models import IdempotencyKey, IdempotencyScope
from core.scope import current_organization_id

UNSETTLED = 0
COLUMNS = (
    "organization_id", "credential", "scope", "key", "method", "path", "body_sha256", "status", "headers",
    "answer", "created_at",
)  # fmt: skip
SETTLE = """
UPDATE core_idempotencykey AS kept SET status = settled.status, answer = settled.answer
  FROM unnest(%s::text[], %s::int[], %s::jsonb[]) AS settled (key, status, answer)
 WHERE kept.organization_id = %s AND kept.credential = %s AND kept.scope = 'item' AND kept.key = settled.key
"""


@dataclass(frozen=True, slots=True)
class Claims:
    """What became of the keys: `outcomes` of items that were sent before, `reused` ones, and `fresh` ones."""

    credential: str
    outcomes: Mapping[str, Outcome]
    reused: frozenset[str]
    fresh: frozenset[str]

    def settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Keep the outcomes of fresh keys; a fresh key without one is free again."""
        organization_id = current_organization_id()
        if outcomes:
            keys = sorted(outcomes)
            statuses = [outcomes[key].status for key in keys]
            answers = [json.dumps(dict(outcomes[key].answer)) for key in keys]
            with connection.cursor() as cursor:
                cursor.execute(SETTLE, [keys, statuses, answers, organization_id, self.credential])
        if freed := self.fresh - outcomes.keys():
            _rows(self.credential, freed).delete()


def claim_items(sent: Sequence[Sent]) -> Claims:
    """Claim the keys of a batch's items, all of one credential; call it first of all in the transaction.

    Waits for another batch that holds one of the keys. Each key stands once in `sent`.
    """
    credential = sent[0].credential
    keys = sorted(each.key for each in sent)
    _rows(credential, keys).filter(created_at__lt=oldest_kept()).delete()
    now, organization_id = timezone.now(), current_organization_id()
    rows = [
        (
            organization_id, credential, IdempotencyScope.ITEM.value, each.key, each.method, each.path,
            each.body_sha256, UNSETTLED, "{}", "{}", now,
        )
        for each in sorted(sent, key=lambda each: each.key)
    ]  # fmt: skip
    fresh = frozenset(insert_rows(IdempotencyKey, COLUMNS, rows, ignore_conflicts=True, returning="key"))
    outcomes, reused = {}, set()
    by_key = {each.key: each for each in sent}
    for row in _rows(credential, by_key.keys() - fresh):
        try:
            outcomes[row.key] = outcome_of(row, by_key[row.key])
        except KeyReused:
            reused.add(row.key)
    return Claims(credential, outcomes, frozenset(reused), fresh)


def _rows(credential: str, keys: Iterable[str]) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(
        credential=credential, scope=IdempotencyScope.ITEM, key__in=sorted(keys)
    )
