"""Pausing jobs and resuming them: after the batch, without a lease, and one clear answer to each who presses."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.actor import Actor
from core.errors import Conflict, NotPermitted
from core.jobs import registry, run_job_inline
from core.jobs.lease import take
from core.jobs.registry import Handler
from core.jobs.run import JobRun
from core.jobs.runner import run_job
from core.jobs.sweeper import claim_due_jobs
from core.models import Job, JobState, Organization
from core.services.jobs import cancel_job, pause_job, resume_job
from tests.conftest import ActorFor
from tests.core.jobs.conftest import KIND, lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]


@pytest.fixture
def handles(handled_by: Callable[[Handler], Handler]) -> Callable[[Handler], None]:
    """Return `handles(handler)`: as `handled_by`, for a kind that can pause."""

    def register(handler: Handler) -> None:
        handled_by(handler)
        registry._kinds[KIND] = replace(registry._kinds[KIND], can_pause=True)

    register(lambda run: None)
    return register


@pytest.fixture
def operator(actor_for: ActorFor, handles: Any, in_organization: Organization) -> Iterator[Actor]:
    return actor_for("operations")


def counting(upto: int, meanwhile: Callable[[JobRun], None]) -> Handler:
    """A handler of `upto` batches; within each of them something is done to the job."""

    def handler(run: JobRun) -> dict[str, int]:
        for row in range(run.cursor.get("row", 0), upto):
            with run.batch():
                meanwhile(run)
                run.advance(cursor={"row": row + 1}, done=row + 1, total=upto)
        return {"rows": run.done}

    return handler


def test_a_pause_takes_effect_after_the_running_batch_and_keeps_the_cursor(
    new_job: NewJob, operator: Actor, handles: Callable[[Handler], None]
) -> None:
    def pause_in_the_second(run: JobRun) -> None:
        if run.done == 1:
            pause_job(job=run.job, actor=operator)

    handles(counting(4, pause_in_the_second))
    job = new_job()

    assert run_job(job.pk)

    now = reread(job)
    assert (now.state, now.cursor, now.lease_until) == (JobState.PAUSED, {"row": 2}, None)
    assert (now.paused_by_id, now.pause_requested, now.is_finished) == (operator.user.pk, False, False)
    assert now.paused_at is not None


def test_nobody_takes_a_paused_job_until_it_is_resumed(new_job: NewJob, operator: Actor) -> None:
    job = new_job()
    paused = pause_job(job=job, actor=operator)
    assert (paused.state, paused.lease_until) == (JobState.PAUSED, None)

    assert job.pk not in claim_due_jobs()
    assert take(job.pk) is None and not run_job(job.pk)

    resumed = resume_job(job=job, actor=operator)
    assert (resumed.state, resumed.paused_at, resumed.paused_by) == (JobState.QUEUED, None, None)
    assert job.pk in claim_due_jobs()
    assert run_job(job.pk) and reread(job).state == JobState.DONE


def test_a_resumed_job_goes_on_where_it_stopped(
    new_job: NewJob, operator: Actor, handles: Callable[[Handler], None]
) -> None:
    batches = []

    def pause_once(run: JobRun) -> None:
        batches.append(run.done)
        if run.done == 1 and run.lease.token == 1:
            pause_job(job=run.job, actor=operator)

    handles(counting(4, pause_once))
    job = new_job()
    run_job(job.pk)
    resume_job(job=job, actor=operator)
    run_job(job.pk)

    assert batches == [0, 1, 2, 3]
    assert (reread(job).state, reread(job).result, reread(job).losses) == (JobState.DONE, {"rows": 4}, 0)


def test_a_pause_whose_worker_is_lost_takes_effect_with_the_next(new_job: NewJob, operator: Actor) -> None:
    job = new_job()
    take(job.pk)
    assert pause_job(job=job, actor=operator).state == JobState.RUNNING
    lose_worker(job)

    run_job(job.pk)

    assert reread(job).state == JobState.PAUSED


def test_a_pause_that_is_taken_back_in_its_batch_lets_the_job_go_on(
    new_job: NewJob, operator: Actor, handles: Callable[[Handler], None]
) -> None:
    def waver(run: JobRun) -> None:
        pause_job(job=run.job, actor=operator)
        resume_job(job=run.job, actor=operator)

    handles(counting(2, waver))
    job = new_job()
    run_job(job.pk)

    assert reread(job).state == JobState.DONE


def test_a_pause_that_is_taken_back_as_the_run_ends_queues_the_job(new_job: NewJob, operator: Actor) -> None:
    job = new_job()
    taken = take(job.pk)
    assert taken is not None
    pause_job(job=job, actor=operator)
    resume_job(job=job, actor=operator)

    assert taken[0].pause([]) == JobState.QUEUED
    assert run_job(job.pk) and reread(job).state == JobState.DONE


def test_cancelling_wins_over_pausing_and_ends_a_paused_job_at_once(new_job: NewJob, operator: Actor) -> None:
    both, resting = new_job(), new_job()
    take(both.pk)
    pause_job(job=both, actor=operator)
    cancel_job(job=both, actor=operator)
    lose_worker(both)
    run_job(both.pk)
    pause_job(job=resting, actor=operator)

    assert cancel_job(job=resting, actor=operator).state == JobState.CANCELLED
    assert reread(both).state == JobState.CANCELLED


def refusal(service: Callable[..., Job], job: Job, actor: Actor) -> str:
    with pytest.raises(Conflict) as refused:
        service(job=job, actor=actor)
    return refused.value.code


def test_who_presses_too_late_gets_one_clear_answer(new_job: NewJob, operator: Actor) -> None:
    job = new_job()
    assert refusal(resume_job, job, operator) == "not_paused"
    pause_job(job=job, actor=operator)
    assert refusal(pause_job, job, operator) == "already_paused"
    resume_job(job=job, actor=operator)
    assert refusal(resume_job, job, operator) == "not_paused"
    take(job.pk)
    pause_job(job=job, actor=operator)
    assert refusal(pause_job, job, operator) == "already_paused"
    cancel_job(job=job, actor=operator)
    assert refusal(pause_job, job, operator) == "job_ending"
    lose_worker(job)
    run_job(job.pk)
    assert refusal(pause_job, job, operator) == "job_ended"
    assert refusal(resume_job, job, operator) == "job_ended"


def test_a_pause_in_the_last_batch_of_all_is_forgotten_with_the_end(new_job: NewJob, operator: Actor) -> None:
    job = new_job()
    taken = take(job.pk)
    assert taken is not None
    pause_job(job=job, actor=operator)
    taken[0].finish(JobState.DONE, lines=[])

    now = reread(job)
    assert (now.state, now.pause_requested, now.paused_by_id) == (JobState.DONE, False, None)


def test_work_that_would_begin_again_is_not_paused(
    new_job: NewJob, operator: Actor, handled_by: Callable[[Handler], Handler]
) -> None:
    handled_by(lambda run: None)
    assert refusal(pause_job, new_job(), operator) == "cannot_pause"


def test_pausing_takes_the_right_to_write(new_job: NewJob, operator: Actor, actor_for: ActorFor) -> None:
    job = new_job()
    for role in ("auditor", "team_leader"):
        for service in (pause_job, resume_job):
            with pytest.raises(NotPermitted):
                service(job=job, actor=actor_for(role))


def test_a_command_waits_for_a_job_that_somebody_pauses(
    new_job: NewJob, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job()
    pause_job(job=job, actor=operator)
    monkeypatch.setattr("core.jobs.runner.time.sleep", lambda _seconds: resume_job(job=job, actor=operator))

    assert run_job_inline(job).state == JobState.DONE


def test_ctrl_c_ends_a_command_that_waits_and_its_job(
    new_job: NewJob, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    job = new_job()
    pause_job(job=job, actor=operator)
    monkeypatch.setattr("core.jobs.runner.time.sleep", interrupt)

    with pytest.raises(KeyboardInterrupt):
        run_job_inline(job)
    assert reread(job).state == JobState.CANCELLED
