from core.models.intake import BUSY, Intake, IntakeRow, IntakeState, RowState
from core.models.job import UNFINISHED, Job, JobState, WorkerHeartbeat
from core.models.organization import Organization

__all__ = [
    "BUSY",
    "UNFINISHED",
    "Intake",
    "IntakeRow",
    "IntakeState",
    "Job",
    "JobState",
    "Organization",
    "RowState",
    "WorkerHeartbeat",
]
