from core.models.idempotency import IdempotencyKey, IdempotencyScope
from core.models.intake import BUSY, Intake, IntakeRow, IntakeState, RowState
from core.models.job import UNFINISHED, Job, JobState, WorkerHeartbeat
from core.models.organization import Organization
from core.models.retention import DailyRun, PurgeRecord

__all__ = [
    "BUSY",
    "UNFINISHED",
    "DailyRun",
    "IdempotencyKey",
    "IdempotencyScope",
    "Intake",
    "IntakeRow",
    "IntakeState",
    "Job",
    "JobState",
    "Organization",
    "PurgeRecord",
    "RowState",
    "WorkerHeartbeat",
]
