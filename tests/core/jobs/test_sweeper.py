"""Finding jobs whose wake-up or whose worker was lost."""

import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from core.jobs import sweeper
from core.jobs.lease import take, worker_name
from core.models import Job, Organization, WorkerHeartbeat
from core.scope import organization_scope, system_scope
from tests.core.jobs.conftest import lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the jobs for which a wake-up was sent; `accept` says whether the broker takes them."""
    sent: list[int] = []

    def send(job_id: int) -> bool:
        sent.append(job_id)
        return True

    monkeypatch.setattr(sweeper, "send_wake_up", send)
    return sent


def let_time_pass(job: Job, seconds: int) -> None:
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET woken_at = woken_at - make_interval(secs => %s) WHERE id = %s",
            [seconds, job.pk],
        )


def test_a_waiting_job_is_woken_and_not_again_too_soon(new_job: NewJob, woken: list[int]) -> None:
    job = new_job()

    for passed in (0, 0, 9, 11):
        let_time_pass(job, passed)
        sweeper.wake_due_jobs()

    assert woken == [job.pk, job.pk]


def test_jobs_of_all_organisations_are_woken(
    new_job: NewJob, woken: list[int], other_organization: Organization
) -> None:
    job = new_job()
    with organization_scope(other_organization):
        other = Job.objects.create(kind="test.kind", title="Another's")

    assert sweeper.wake_due_jobs() == 2
    assert woken == [job.pk, other.pk]


def test_a_job_with_a_living_worker_is_left_alone_and_a_lost_one_is_woken(
    new_job: NewJob, woken: list[int]
) -> None:
    job = new_job()
    take(job.pk)
    sweeper.wake_due_jobs()
    while_alive = list(woken)
    lose_worker(job)

    sweeper.wake_due_jobs()

    assert (while_alive, woken) == ([], [job.pk])


def test_finished_jobs_are_never_woken(new_job: NewJob, woken: list[int], organization: Organization) -> None:
    with organization_scope(organization):
        for state in ("done", "failed", "cancelled"):
            Job.objects.create(kind="test.kind", title=state, state=state)

    assert sweeper.wake_due_jobs() == 0


def test_a_busy_queue_is_woken_from_its_oldest_end(
    new_job: NewJob, woken: list[int], monkeypatch: pytest.MonkeyPatch, organization: Organization
) -> None:
    with organization_scope(organization):
        jobs = [Job.objects.create(kind="test.kind", title=str(number)) for number in range(60)]

    sweeper.wake_due_jobs()
    sweeper.wake_due_jobs()

    assert woken == [job.pk for job in jobs[: sweeper.WOKEN_TOGETHER]]


def test_a_broker_that_is_away_is_tried_again_at_the_next_sweep(
    new_job: NewJob, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_job(), new_job()
    with monkeypatch.context() as away:
        away.setattr(sweeper, "send_wake_up", lambda job_id: False)
        assert sweeper.wake_due_jobs() == 0

    assert (reread(first).woken_at, reread(second).woken_at) == (None, None)
    assert sweeper.wake_due_jobs() == 2


def test_a_worker_says_that_it_is_alive_once() -> None:
    sweeper.beat()
    sweeper.beat()

    assert [row.worker for row in WorkerHeartbeat.objects.all()] == [worker_name()]


@pytest.mark.django_db(transaction=True)
def test_the_thread_survives_a_database_that_goes_away(
    new_job: NewJob, woken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "SWEEP_SECONDS", 0.01)
    troubles = [OperationalError("the server closed the connection"), None, RuntimeError("anything")]

    def beat() -> None:
        if troubles and (trouble := troubles.pop(0)):
            raise trouble
        original()

    original = sweeper.beat
    monkeypatch.setattr(sweeper, "beat", beat)
    job = new_job()
    thread = sweeper.Sweeper()
    thread.start()
    deadline = time.monotonic() + 10
    while (troubles or not woken) and time.monotonic() < deadline:
        time.sleep(0.01)
    thread.stop()

    assert woken == [job.pk]
    assert not thread._thread.is_alive()
    assert not WorkerHeartbeat.objects.exists()
