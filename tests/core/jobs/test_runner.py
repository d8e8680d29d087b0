"""How runs end: done, failed with words, failed with an id, tried again, given up."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from core.errors import Contested, ValidationFailed
from core.jobs.errors import JobFailed
from core.jobs.lease import reserve, take
from core.jobs.registry import Handler, UnknownKind, find_kind, job_kind
from core.jobs.run import JobRun
from core.jobs.runner import run_job, run_job_inline
from core.models import Job, JobState, Organization
from core.scope import organization_scope
from core.services.jobs import reserve_job
from tests.core.jobs.conftest import KIND, lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]
HandledBy = Callable[[Handler], Handler]


def fail(error: BaseException) -> Handler:
    def handler(run: JobRun) -> None:
        run.log("about to fail")
        raise error

    return handler


def test_an_application_error_is_told_in_its_own_words(new_job: NewJob, handled_by: HandledBy) -> None:
    handled_by(fail(ValidationFailed("empty", "The file has no rows. Choose another one.")))
    job = new_job()

    run_job(job.pk)

    now = reread(job)
    assert (now.state, now.error) == (JobState.FAILED, "The file has no rows. Choose another one.")
    assert [line["level"] for line in now.log] == ["info", "info", "error"]


def test_a_crash_is_told_by_an_id_that_is_in_the_log(
    new_job: NewJob, handled_by: HandledBy, caplog: pytest.LogCaptureFixture
) -> None:
    handled_by(fail(ZeroDivisionError("secret detail")))
    job = new_job()

    with caplog.at_level("ERROR", logger="leadledger.jobs"):
        caplog.handler.setLevel("ERROR")
        run_job(job.pk)

    now = reread(job)
    assert now.state == JobState.FAILED
    assert "secret detail" not in now.error + str(now.log)
    assert now.error.rstrip(".").split()[-1] in str(logged_errors(caplog))


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[object]:
    return [record.msg for record in caplog.records]


def test_a_file_that_kills_its_worker_three_times_ends_as_failed_with_its_log(
    new_job: NewJob, handled_by: HandledBy
) -> None:
    job = new_job()
    handled_by(lambda run: pytest.fail("It must not run again"))
    for _ in range(3):
        found = take(job.pk)
        assert found is not None
        lose_worker(job)

    run_job(job.pk)

    now = reread(job)
    assert (now.state, now.losses) == (JobState.FAILED, 3)
    assert "lost 3 times at the same place" in now.error
    assert now.log[-1]["text"] == now.error


def test_a_failing_database_is_tried_again_and_given_up_after_three_times(
    new_job: NewJob, handled_by: HandledBy
) -> None:
    runs = []

    @handled_by
    def handler(run: JobRun) -> None:
        runs.append(run.lease.token)
        raise OperationalError("the connection is lost")

    job = new_job()
    for _ in range(4):
        run_job(job.pk)

    now = reread(job)
    assert runs == [1, 2, 3]
    assert now.state == JobState.FAILED
    assert "the connection is lost" in str(now.log)


def test_a_job_that_others_keep_contesting_is_not_told_of_lost_workers(
    new_job: NewJob, handled_by: HandledBy
) -> None:
    handled_by(fail(Contested("contested", "Others keep writing the same leads at this moment.")))
    job = new_job()
    for _ in range(4):
        run_job(job.pk)

    now = reread(job)
    assert now.state == JobState.FAILED
    assert "tried 3 times" in now.error
    assert "Others keep writing the same leads" in now.error
    assert "lost" not in now.error


def test_passing_trouble_with_the_database_does_not_end_a_job(new_job: NewJob, handled_by: HandledBy) -> None:
    @handled_by
    def handler(run: JobRun) -> None:
        with run.batch():
            run.advance(done=run.done + 1)
        if run.done < 6:
            raise OperationalError("the connection is lost")

    job = new_job()
    for _ in range(6):
        run_job(job.pk)

    assert (reread(job).state, reread(job).done) == (JobState.DONE, 6)


def test_a_terminated_process_gives_the_job_back(new_job: NewJob, handled_by: HandledBy) -> None:
    handled_by(fail(SystemExit(1)))
    job = new_job()

    with pytest.raises(SystemExit):
        run_job(job.pk)

    assert (reread(job).state, reread(job).lease_until, reread(job).losses) == (JobState.QUEUED, None, 0)


def test_a_handler_may_be_a_class(new_job: NewJob) -> None:
    @job_kind("test.class")
    class Handler:
        def __call__(self, run: JobRun) -> dict[str, int]:
            return {"made": id(self)}

    assert find_kind("test.class").handler(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="twice"):
        job_kind("test.class")(Handler)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownKind):
        find_kind("nobody.knows")


def test_inline_returns_the_result_and_shows_progress(
    handled_by: HandledBy, organization: Organization
) -> None:
    @handled_by
    def handler(run: JobRun) -> dict[str, int]:
        for row in range(3):
            with run.batch():
                run.advance(done=row + 1, total=3)
        return {"rows": 3}

    shown: list[tuple[int, int | None]] = []
    with organization_scope(organization):
        job = reserve_job(kind=KIND, title="Here")
    assert take(job.pk) is None

    done = run_job_inline(job, progress=lambda *step: shown.append(step))

    assert (done.state, done.result) == (JobState.DONE, {"rows": 3})
    assert shown == [(0, None), (1, 3), (2, 3), (3, 3)]


def test_inline_raises_what_the_handler_raised(new_job: NewJob, handled_by: HandledBy) -> None:
    error = ValidationFailed("empty", "No rows.")
    handled_by(fail(error))

    with pytest.raises(ValidationFailed) as raised:
        run_job_inline(new_job())

    assert raised.value is error


def test_inline_names_a_crash_by_its_id(new_job: NewJob, handled_by: HandledBy) -> None:
    handled_by(fail(ZeroDivisionError("x")))

    with pytest.raises(JobFailed, match=r"error id [0-9a-f]{12}") as raised:
        run_job_inline(new_job())

    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_inline_is_cancelled_by_an_interrupt(new_job: NewJob, handled_by: HandledBy) -> None:
    handled_by(fail(KeyboardInterrupt()))
    job = new_job()

    with pytest.raises(KeyboardInterrupt):
        run_job_inline(job)

    assert reread(job).state == JobState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_inline_follows_a_job_that_a_worker_has(
    new_job: NewJob, handled_by: HandledBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.runner.FOLLOW_SECONDS", 0.02)
    begun, go_on = threading.Event(), threading.Event()

    @handled_by
    def handler(run: JobRun) -> dict[str, str]:
        run.advance(done=1, total=2)
        begun.set()
        go_on.wait(10)
        return {"by": "the worker"}

    def work() -> None:
        try:
            run_job(job.pk)
        finally:
            connection.close()

    def show(done: int, total: int | None) -> None:
        go_on.set()

    job = new_job()
    worker = threading.Thread(target=work)
    worker.start()
    begun.wait(10)

    assert run_job_inline(job, progress=show).result == {"by": "the worker"}
    worker.join()


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_the_lease_while_a_batch_takes_long(
    new_job: NewJob, handled_by: HandledBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.heartbeat.HEARTBEAT_SECONDS", 0.02)
    renewed = []

    @handled_by
    def handler(run: JobRun) -> None:
        with run.batch():
            before = reread(run.job).lease_until
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and reread(run.job).lease_until == before:
                pass
            renewed.append(reread(run.job).lease_until > before)

    run_job(new_job().pk)

    assert renewed == [True]


def test_a_reservation_that_ran_out_is_taken_over(organization: Organization, new_job: NewJob) -> None:
    job = new_job()
    with organization_scope(organization):
        reserve(job.pk)
    lose_worker(job)

    assert run_job(job.pk)
    assert reread(job).state == JobState.DONE
