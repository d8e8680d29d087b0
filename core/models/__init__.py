from core.models.job import UNFINISHED, Job, JobState, WorkerHeartbeat
from core.models.organization import Organization

__all__ = ["UNFINISHED", "Job", "JobState", "Organization", "WorkerHeartbeat"]
