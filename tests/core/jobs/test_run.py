"""What a handler may rely on: batches that commit with their cursor, or not at all."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from core.jobs import shutdown
from core.jobs.errors import LeaseLost
from core.jobs.registry import Handler
from core.jobs.run import JobRun
from core.jobs.runner import run_job
from core.models import Job, JobState, Organization
from core.scope import current_scope, system_scope
from tests.conftest import ActorFor
from tests.core.jobs.conftest import lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]
HandledBy = Callable[[Handler], Handler]


@pytest.fixture
def stopping_worker() -> Iterator[None]:
    yield
    shutdown._announced[0] = 0


def rename(organization: Organization, name: str) -> None:
    """A write that the tests can see, or not see."""
    Organization.objects.filter(pk=organization.pk).update(name=name)


def name_of(organization: Organization) -> str:
    with system_scope():
        return Organization.objects.get(pk=organization.pk).name


def test_a_batch_commits_its_writes_with_the_cursor(
    new_job: NewJob, handled_by: HandledBy, organization: Organization
) -> None:
    @handled_by
    def handler(run: JobRun) -> dict[str, int]:
        assert (run.cursor, run.parameters) == ({}, {"rows": 2})
        for row in range(run.parameters["rows"]):
            with run.batch():
                rename(run.job.organization, f"batch {row}")
                run.log(f"row {row}")
                run.advance(cursor={"row": row + 1}, done=row + 1, total=2)
            assert run.cursor == {"row": row + 1}
        return {"rows": 2}

    job = new_job(parameters={"rows": 2})
    assert run_job(job.pk)

    now = reread(job)
    assert (now.state, now.result, now.error) == (JobState.DONE, {"rows": 2}, "")
    assert (now.cursor, now.done, now.total, now.percent) == ({"row": 2}, 2, 2, 100)
    assert [line["text"] for line in now.log][1:] == ["row 0", "row 1"]
    assert now.finished_at and not now.lease_until
    assert name_of(organization) == "batch 1"


def test_a_batch_is_written_for_the_organisation_in_the_name_of_who_asked(
    new_job: NewJob, handled_by: HandledBy, actor_for: ActorFor, organization: Organization
) -> None:
    scopes = []

    @handled_by
    def handler(run: JobRun) -> None:
        with run.batch():
            rename(run.job.organization, "renamed")
            scopes.append(current_scope())

    actor = actor_for("operations")
    job = new_job(actor=actor)
    run_job(job.pk)

    assert not scopes[0].system
    assert scopes[0].organization_id == organization.pk
    with system_scope():
        written = Organization.history.filter(id=organization.pk).first()
    assert written.history_user_id == actor.user.pk
    assert (written.history_job_id, written.history_change_reason) == (job.pk, "test.kind")


def test_a_batch_that_fails_leaves_neither_writes_nor_cursor(
    new_job: NewJob, handled_by: HandledBy, organization: Organization
) -> None:
    @handled_by
    def handler(run: JobRun) -> None:
        with pytest.raises(ZeroDivisionError), run.batch():
            rename(run.job.organization, "half done")
            run.advance(cursor={"row": 1}, done=1)
            raise ZeroDivisionError
        assert (run.cursor, run.done) == ({}, 0)
        with run.batch():
            run.advance(done=5)

    job = new_job()
    run_job(job.pk)

    assert (reread(job).cursor, reread(job).done, reread(job).state) == ({}, 5, JobState.DONE)
    assert name_of(organization) == "Acme Loans"


def test_the_fence_rolls_back_a_worker_that_lost_the_job(
    new_job: NewJob, handled_by: HandledBy, organization: Organization
) -> None:
    seen = []

    @handled_by
    def handler(run: JobRun) -> None:
        if run.lease.token > 1:
            seen.append(name_of(organization))
            return
        try:
            with run.batch():
                rename(run.job.organization, "stale")
                lose_worker(run.job)
                run_job(run.job.pk)
                run.advance(cursor={"row": 1}, done=1)
        except LeaseLost:
            seen.append("refused")
            raise

    job = new_job()
    run_job(job.pk)

    # The second worker ran within the first one's transaction here, and is rolled back with it.
    assert seen == ["stale", "refused"]
    assert name_of(organization) == "Acme Loans"


@pytest.mark.django_db(transaction=True)
def test_the_fence_holds_between_two_connections(
    new_job: NewJob, handled_by: HandledBy, organization: Organization
) -> None:
    second_done = threading.Event()

    @handled_by
    def handler(run: JobRun) -> None:
        if run.lease.token > 1:
            with run.batch():
                run.advance(cursor={"by": "second"}, done=1)
            return
        with run.batch():
            rename(run.job.organization, "stale")
            lose_worker_elsewhere(run.job)
            second_done.wait(10)
            run.advance(cursor={"by": "first"}, done=1)

    def lose_worker_elsewhere(job: Job) -> None:
        def second() -> None:
            try:
                lose_worker(job)
                assert run_job(job.pk)
            finally:
                second_done.set()
                connection.close()

        threading.Thread(target=second).start()

    job = new_job()
    run_job(job.pk)

    now = reread(job)
    assert (now.cursor, now.state, now.token) == ({"by": "second"}, JobState.DONE, 2)
    assert name_of(organization) == "Acme Loans"


def test_a_cancelled_job_ends_after_the_running_batch(new_job: NewJob, handled_by: HandledBy) -> None:
    @handled_by
    def handler(run: JobRun) -> None:
        for row in range(10):
            with run.batch():
                if row == 2:
                    Job.objects.filter(pk=run.job.pk).update(cancel_requested=True)
                run.advance(done=row + 1)
            assert run.cancelled == (row == 2)

    job = new_job()
    run_job(job.pk)

    now = reread(job)
    assert (now.state, now.done) == (JobState.CANCELLED, 3)
    assert now.log[-1]["text"] == "Cancelled."


def test_a_stopping_worker_finishes_the_batch_and_another_continues(
    new_job: NewJob, handled_by: HandledBy, stopping_worker: None
) -> None:
    started_at = []

    @handled_by
    def handler(run: JobRun) -> None:
        started_at.append(run.done)
        for row in range(run.done, 4):
            with run.batch():
                if row == 1 and len(started_at) == 1:
                    shutdown.announce()
                run.advance(done=row + 1)

    job = new_job()
    run_job(job.pk)
    between = reread(job)
    shutdown._announced[0] = 0
    run_job(job.pk)

    assert (between.state, between.done, between.lease_until) == (JobState.QUEUED, 2, None)
    assert started_at == [0, 2]
    assert (reread(job).state, reread(job).done, reread(job).losses) == (JobState.DONE, 4, 0)


def test_a_batch_within_a_batch_is_refused(new_job: NewJob, handled_by: HandledBy) -> None:
    @handled_by
    def handler(run: JobRun) -> None:
        with run.batch(), pytest.raises(RuntimeError), run.batch():
            pass

    job = new_job()
    run_job(job.pk)

    assert reread(job).state == JobState.DONE


def test_progress_outside_a_batch_is_seen_at_once(new_job: NewJob, handled_by: HandledBy) -> None:
    seen = []

    @handled_by
    def handler(run: JobRun) -> None:
        run.advance(total=7)
        run.log("Reading", level="warning")
        seen.append(
            (reread(run.job).total, reread(run.job).log[-1]["text"], reread(run.job).log[-1]["level"])
        )
        at = dt.datetime.fromisoformat(reread(run.job).log[-1]["at"])
        assert at.tzinfo is not None

    run_job(new_job().pk)

    assert seen == [(7, "Reading", "warning")]
