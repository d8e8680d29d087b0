"""Real workers, killed, frozen and cut off: jobs resume by themselves, no batch is lost or applied twice."""

import signal
import time

import pytest
from django.conf import settings

from tests.faults.live_stack import LiveStack, Process

pytestmark = [pytest.mark.verify, pytest.mark.timeout(300)]

KINDS = "tests.faults.slow_jobs"
# Lease 10 s, sweep 2 s, and the start of a worker.
RESUMED_WITHIN = 15.0

TABLES = f"""
CREATE TABLE faults_applied (
    organization_id bigint, job_id bigint, step int, token bigint, at timestamptz DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON faults_applied TO {settings.DATABASE_APPLICATION_ROLE};
CREATE TABLE faults_cursors (
    position bigserial, job_id bigint, step int, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION faults_note_cursor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO faults_cursors (job_id, step) VALUES (NEW.id, COALESCE((NEW.cursor->>'step')::int, 0));
    RETURN NULL;
END $$;
CREATE TRIGGER faults_note_cursor AFTER UPDATE OF cursor ON core_job
    FOR EACH ROW EXECUTE FUNCTION faults_note_cursor();
"""


class Jobs:
    """Jobs of one organisation in a live stack, and what was seen of them."""

    def __init__(self, stack: LiveStack) -> None:
        self.stack = stack
        stack.query(TABLES)
        self.organization = stack.python(
            "from core.services.organizations import create_organization\n"
            "result = create_organization(slug='acme', name='Acme').pk"
        )

    def enqueue(self, kind: str = "faults.slow", steps: int = 100, seconds: float = 0.05) -> int:
        return int(
            self.stack.python(
                f"import {KINDS}\n"
                "from core.scope import organization_scope\n"
                "from core.services.jobs import enqueue_job\n"
                f"with organization_scope({self.organization}):\n"
                f"    result = enqueue_job(kind='{kind}', title='Slow',"
                f" parameters={{'steps': {steps}, 'seconds': {seconds}}}).pk"
            )
        )

    def done(self, job: int) -> int:
        return int(self.stack.query("SELECT done FROM core_job WHERE id = %s", job)[0][0])

    def state(self, job: int) -> str:
        return str(self.stack.query("SELECT state FROM core_job WHERE id = %s", job)[0][0])

    def wait_for_progress(self, job: int, seconds: float, beyond: int = 0) -> float:
        """Wait until the job is `beyond` that step; return how long it took."""
        began = time.monotonic()
        self.stack.wait_for(lambda: self.done(job) > beyond, seconds, f"job {job} passes step {beyond}")
        return time.monotonic() - began

    def wait_until(self, job: int, state: str, seconds: float) -> None:
        self.stack.wait_for(lambda: self.state(job) == state, seconds, f"job {job} is {state}")

    def assert_each_step_once(self, job: int, steps: int) -> None:
        applied = self.stack.query("SELECT step FROM faults_applied WHERE job_id = %s ORDER BY step", job)
        assert [row[0] for row in applied] == list(range(steps))
        cursors = self.stack.query("SELECT step FROM faults_cursors WHERE job_id = %s ORDER BY position", job)
        seen = [row[0] for row in cursors]
        assert seen == sorted(seen), "the cursor went back"
        assert seen[-1] == steps


@pytest.fixture
def jobs(live_stack: LiveStack) -> Jobs:
    return Jobs(live_stack)


def start_worker(stack: LiveStack) -> Process:
    return stack.start_worker(KINDS)


def test_a_killed_worker_is_followed_by_another_that_resumes(live_stack: LiveStack, jobs: Jobs) -> None:
    worker = start_worker(live_stack)
    job = jobs.enqueue(steps=200)
    jobs.wait_for_progress(job, 30)
    for _kill in range(3):
        worker.kill()
        reached = jobs.done(job)
        worker = start_worker(live_stack)
        assert jobs.wait_for_progress(job, 30, beyond=reached) < RESUMED_WITHIN

    jobs.wait_until(job, "done", 60)
    jobs.assert_each_step_once(job, 200)


def test_a_frozen_worker_is_taken_over_and_refused_when_it_thaws(live_stack: LiveStack, jobs: Jobs) -> None:
    frozen = start_worker(live_stack)
    job = jobs.enqueue(steps=400)
    jobs.wait_for_progress(job, 30)
    start_worker(live_stack)
    live_stack.wait_for_workers(2)

    frozen.stop()
    reached = jobs.done(job)
    assert jobs.wait_for_progress(job, 30, beyond=reached) < RESUMED_WITHIN
    frozen.go_on()
    live_stack.wait_for(lambda: "job_lease_lost" in frozen.log_text(), 15, "the frozen worker is refused")

    jobs.wait_until(job, "done", 60)
    jobs.assert_each_step_once(job, 400)
    assert live_stack.query("SELECT token FROM core_job WHERE id = %s", job) == [(2,)]


def test_locks_of_a_frozen_worker_do_not_hold_up_its_successor(live_stack: LiveStack, jobs: Jobs) -> None:
    # What the frozen worker has inserted is not committed, and the successor inserts the same key.
    live_stack.query("CREATE UNIQUE INDEX ON faults_applied (job_id, step)")
    frozen = start_worker(live_stack)
    job = jobs.enqueue(steps=60, seconds=0.3)
    jobs.wait_for_progress(job, 30)
    start_worker(live_stack)

    frozen.stop()
    reached = jobs.done(job)
    took = jobs.wait_for_progress(job, 60, beyond=reached)

    assert took < 30
    jobs.wait_until(job, "done", 60)
    frozen.go_on()
    jobs.assert_each_step_once(job, 60)


def test_without_redis_a_running_job_goes_on_and_a_waiting_one_starts_later(
    live_stack: LiveStack, jobs: Jobs
) -> None:
    start_worker(live_stack)
    running = jobs.enqueue(steps=150, seconds=0.1)
    jobs.wait_for_progress(running, 30)

    live_stack.kill_redis()
    waiting = jobs.enqueue(steps=5)
    jobs.wait_for_progress(running, 10, beyond=jobs.done(running) + 20)
    assert jobs.state(waiting) == "queued"
    live_stack.start_redis()

    jobs.wait_until(running, "done", 60)
    jobs.wait_until(waiting, "done", 60)
    jobs.assert_each_step_once(running, 150)
    jobs.assert_each_step_once(waiting, 5)


def test_a_worker_asked_to_end_finishes_its_batch_and_another_continues_at_once(
    live_stack: LiveStack, jobs: Jobs
) -> None:
    first = start_worker(live_stack)
    job = jobs.enqueue(steps=60, seconds=0.2)
    jobs.wait_for_progress(job, 30)
    start_worker(live_stack)
    live_stack.wait_for_workers(2)

    began = time.monotonic()
    assert first.terminate() == 0
    reached = jobs.done(job)
    jobs.wait_for_progress(job, 10, beyond=reached)
    assert time.monotonic() - began < 8

    jobs.wait_until(job, "done", 60)
    jobs.assert_each_step_once(job, 60)
    assert live_stack.query("SELECT losses FROM core_job WHERE id = %s", job) == [(0,)]


def test_the_same_when_the_whole_group_is_asked(live_stack: LiveStack, jobs: Jobs) -> None:
    first = start_worker(live_stack)
    job = jobs.enqueue(steps=60, seconds=0.2)
    jobs.wait_for_progress(job, 30)
    start_worker(live_stack)
    live_stack.wait_for_workers(2)

    first.signal_group(signal.SIGTERM)

    jobs.wait_until(job, "done", 60)
    jobs.assert_each_step_once(job, 60)
    assert live_stack.query("SELECT losses FROM core_job WHERE id = %s", job) == [(0,)]


def test_connections_that_break_cost_no_batch(live_stack: LiveStack, jobs: Jobs) -> None:
    start_worker(live_stack)
    job = jobs.enqueue(steps=150)
    for beyond in (10, 40, 70):
        jobs.wait_for_progress(job, 40, beyond=beyond)
        live_stack.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    jobs.wait_until(job, "done", 60)
    jobs.assert_each_step_once(job, 150)


def test_a_job_that_kills_its_workers_ends_as_failed_with_its_log(live_stack: LiveStack, jobs: Jobs) -> None:
    start_worker(live_stack)
    job = jobs.enqueue("faults.poison")

    jobs.wait_until(job, "failed", 120)

    error, log = live_stack.query("SELECT error, log FROM core_job WHERE id = %s", job)[0]
    assert "lost 3 times at the same place" in error
    assert sum(line["text"] == "Reading the poisoned row" for line in log) >= 3
    # The worker itself goes on.
    healthy = jobs.enqueue(steps=3)
    jobs.wait_until(healthy, "done", 30)
