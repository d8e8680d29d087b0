"""Kinds of jobs for the tests with real workers, which load this module by `--include`."""

import os
import signal
import time

from django.db import connection

from core.jobs import JobRun, job_kind

APPLIED = "INSERT INTO faults_applied (organization_id, job_id, step, token) VALUES (%s, %s, %s, %s)"


@job_kind("faults.slow")
def work_slowly(run: JobRun) -> dict[str, int]:
    """Apply `steps` steps, each in a batch that takes `seconds`."""
    steps = run.parameters["steps"]
    for step in range(run.cursor.get("step", 0), steps):
        with run.batch():
            with connection.cursor() as cursor:
                cursor.execute(APPLIED, [run.job.organization_id, run.job.pk, step, run.lease.token])
            time.sleep(run.parameters["seconds"])
            run.advance(cursor={"step": step + 1}, done=step + 1, total=steps)
    return {"steps": steps}


@job_kind("faults.poison")
def kill_the_worker(run: JobRun) -> None:
    """Do one batch, then die in the next like a reader that is killed for its memory."""
    with run.batch():
        run.advance(cursor={"step": 1}, done=1)
    run.log("Reading the poisoned row")
    os.kill(os.getpid(), signal.SIGKILL)
