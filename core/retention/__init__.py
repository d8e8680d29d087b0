"""Technical rows that are kept for a while and then removed: jobs, delivered messages, sessions, files.

An app registers what grows old in `<app>/purges.py`, which every process finds by itself:

    @purge("core.idempotency_keys", setting="RETENTION_IDEMPOTENCY_DAYS", title=_("Idempotency keys"))
    def old_keys(before: datetime) -> QuerySet[IdempotencyKey]:
        return IdempotencyKey.objects.filter(created_at__lt=before)

The setting holds days; 0 keeps for ever. Once a day a job of each organisation removes what is older, in small
batches that commit with the job's cursor (`running`); the command `purge` does so at once, or counts only.
What is more than rows of one table, such as files, is registered by `register_purge`.
"""

from core.retention.registry import Purge, purge, register_purge

__all__ = ["Purge", "purge", "register_purge"]
