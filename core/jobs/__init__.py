"""Long tasks that survive their workers: register a kind, enqueue a job, run it here or in a worker."""

from core.jobs.errors import JobFailed, RunEnded
from core.jobs.registry import job_kind
from core.jobs.run import JobRun
from core.jobs.runner import run_job, run_job_inline

__all__ = ["JobFailed", "JobRun", "RunEnded", "job_kind", "run_job", "run_job_inline"]
