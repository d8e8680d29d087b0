"""Finding messages whose wake-up or whose worker was lost; what the sweeper of each worker asks."""

from django.db import connection

from core.jobs.wakeup import wake_deliveries
from core.scope import system_scope

# A lane that is due has been looked at by then, unless its wake-up was lost or all workers are busy.
LATE_SECONDS = 1
WAKE_AGAIN_SECONDS = 10
LOOKED_AT_TOGETHER = 50
# Whoever is woken delivers all that is due: more than one so that one slow delivery does not hold up the others.
WOKEN_TOGETHER = 4

LATE = f"""
WITH longest AS (
    SELECT id FROM core_outboxlane WHERE due_at < statement_timestamp() - interval '{LATE_SECONDS} seconds'
     ORDER BY due_at LIMIT {LOOKED_AT_TOGETHER})
UPDATE core_outboxlane SET woken_at = clock_timestamp() WHERE id IN (
    SELECT id FROM core_outboxlane WHERE id IN (SELECT id FROM longest)
       AND (woken_at IS NULL OR woken_at < clock_timestamp() - interval '{WAKE_AGAIN_SECONDS} seconds')
       FOR UPDATE SKIP LOCKED)
RETURNING id
"""
NOT_WOKEN = "UPDATE core_outboxlane SET woken_at = NULL WHERE id = ANY(%s)"


def wake_due_messages() -> int:
    """Send wake-ups where lanes are due and nobody comes; return how many the broker took."""
    with system_scope(reason="outbox sweeper"), connection.cursor() as cursor:
        cursor.execute(LATE)
        late = [row[0] for row in cursor.fetchall()]
    sent = 0
    for _lane in late[:WOKEN_TOGETHER]:
        if not wake_deliveries():
            break
        sent += 1
    if late and not sent:
        with system_scope(reason="outbox sweeper"), connection.cursor() as cursor:
            cursor.execute(NOT_WOKEN, [late])
    return sent
