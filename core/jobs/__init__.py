"""Long tasks that survive their workers.

An app registers what runs a kind of job in `<app>/jobs.py`, which every process finds by itself:

    @job_kind("leads.intake")
    def load(run: JobRun) -> dict[str, int]:
        for batch in read_from(run.cursor.get("row", 0)):
            with run.batch():
                store(batch)
                run.advance(cursor={"row": batch.end}, done=batch.end, total=rows)
        return {"rows": rows}

A service asks for one by `core.services.jobs.enqueue_job`; a command runs one here and now, by `reserve_job`
and `run_job_inline`. How it is held, fenced and found again when its worker dies: `lease`, `run`, `sweeper`.
"""

from core.jobs.errors import JobFailed, RunEnded
from core.jobs.registry import job_kind
from core.jobs.run import JobRun
from core.jobs.runner import run_job, run_job_inline

__all__ = ["JobFailed", "JobRun", "RunEnded", "job_kind", "run_job", "run_job_inline"]
