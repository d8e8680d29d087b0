from core.models.idempotency import IdempotencyKey, IdempotencyScope
from core.models.intake import BUSY, Intake, IntakeRow, IntakeState, RowState
from core.models.job import UNFINISHED, Job, JobState, WorkerHeartbeat
from core.models.organization import Organization
from core.models.outbox import UNDELIVERED, MessageState, OutboxLane, OutboxMessage
from core.models.retention import DailyRun, PurgeRecord
from core.models.saved_mapping import SavedMapping
from core.models.stored_file import StoredFile

__all__ = [
    "BUSY",
    "UNDELIVERED",
    "UNFINISHED",
    "DailyRun",
    "IdempotencyKey",
    "IdempotencyScope",
    "Intake",
    "IntakeRow",
    "IntakeState",
    "Job",
    "JobState",
    "MessageState",
    "Organization",
    "OutboxLane",
    "OutboxMessage",
    "PurgeRecord",
    "RowState",
    "SavedMapping",
    "StoredFile",
    "WorkerHeartbeat",
]
