"""Noting when keys are used, at most once a minute: who pays for a call should not pay for a write with each."""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.services.visitors import Visitor
from core.scope import system_scope

PAUSE = dt.timedelta(minutes=1)
# Of calls at the same time one writes: the condition holds for the first alone.
NOTE = """
INSERT INTO accounts_apikeyuse (organization_id, api_key_id, used_at, address)
VALUES (%(organization)s, %(key)s, %(now)s, %(address)s)
    ON CONFLICT (organization_id, api_key_id) DO UPDATE
   SET used_at = excluded.used_at, address = excluded.address
 WHERE accounts_apikeyuse.used_at <= excluded.used_at - interval '1 minute'
"""


def note_use(key: Any, visitor: Visitor) -> None:
    """Note that a key, read with its `used_at`, is used now; do nothing within a minute of the last time."""
    now = timezone.now()
    if key.used_at is not None and key.used_at > now - PAUSE:
        return
    with system_scope(reason="key used"), connection.cursor() as cursor:
        cursor.execute(
            NOTE,
            {"organization": key.organization_id, "key": key.pk, "now": now, "address": visitor.address},
        )
