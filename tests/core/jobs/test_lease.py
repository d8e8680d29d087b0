"""Taking, keeping and losing the lease of a job."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.jobs.errors import LeaseLost
from core.jobs.lease import LOG_LINES, Lease, log_line, reserve, storable, take
from core.models import Job, JobState, Organization
from core.scope import organization_scope
from tests.core.jobs.conftest import lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]


def taken(job: Job) -> Lease:
    found = take(job.pk)
    assert found is not None
    return found[0]


def test_a_waiting_job_is_taken_once(new_job: NewJob) -> None:
    job = new_job()

    lease = taken(job)

    assert lease.token == 1
    assert take(job.pk) is None
    now = reread(job)
    assert now.state == JobState.RUNNING
    assert now.lease_until and now.heartbeat_at and now.started_at and now.worker


def test_a_job_is_taken_again_when_its_lease_has_run_out(new_job: NewJob) -> None:
    job = new_job()
    first = taken(job)
    lose_worker(job)

    second = taken(job)

    assert second.token == first.token + 1


def test_a_finished_job_is_never_taken(new_job: NewJob, organization: Organization) -> None:
    job = new_job()
    with organization_scope(organization):
        taken(job).finish(JobState.DONE, lines=[])

    assert take(job.pk) is None


def test_an_outdated_token_writes_nothing(new_job: NewJob, organization: Organization) -> None:
    job = new_job()
    stale = taken(job)
    lose_worker(job)
    taken(job)

    with organization_scope(organization):
        with pytest.raises(LeaseLost):
            stale.advance(cursor={"row": 9}, done=9, total=9, lines=[])
        with pytest.raises(LeaseLost):
            stale.finish(JobState.DONE, lines=[])
        with pytest.raises(LeaseLost):
            stale.release([])
        assert stale.renew().lost

    now = reread(job)
    assert (now.cursor, now.done, now.state) == ({}, 0, JobState.RUNNING)


def test_a_heartbeat_extends_the_lease_and_brings_word_of_cancelling(
    new_job: NewJob, organization: Organization
) -> None:
    job = new_job()
    lease = taken(job)
    lose_worker(job)
    with organization_scope(organization):
        Job.objects.filter(pk=job.pk).update(cancel_requested=True)

        renewal = lease.renew()

    assert (renewal.lost, renewal.cancel_requested) == (False, True)
    assert take(job.pk) is None


def test_a_released_job_can_be_taken_at_once_and_counts_no_loss(
    new_job: NewJob, organization: Organization
) -> None:
    job = new_job()
    with organization_scope(organization):
        taken(job).release([log_line("Good night")])

    taken(job)

    assert reread(job).losses == 0
    assert [line["text"] for line in reread(job).log] == ["Good night"]


def test_workers_lost_at_the_same_place_are_counted_and_progress_forgives_them(
    new_job: NewJob, organization: Organization
) -> None:
    job = new_job()
    counted = []
    for moved in (False, False, True, False):
        lease = taken(job)
        counted.append(reread(job).losses)
        if moved:
            with organization_scope(organization):
                lease.advance(cursor={"row": 1}, done=1, total=None, lines=[])
        lose_worker(job)
    taken(job)

    assert [*counted, reread(job).losses] == [0, 1, 2, 0, 1]


def test_a_reserved_job_is_taken_by_who_reserved_it_only(
    new_job: NewJob, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job()
    with organization_scope(organization):
        token = reserve(job.pk)

    assert take(job.pk) is None
    with monkeypatch.context() as patched:
        patched.setattr("core.jobs.lease.worker_name", lambda: "elsewhere:1")
        assert take(job.pk, reserved_token=token) is None
    assert take(job.pk, reserved_token=token) is not None
    assert take(job.pk, reserved_token=token) is None


def test_the_log_keeps_its_newest_lines(new_job: NewJob, organization: Organization) -> None:
    job = new_job()
    lease = taken(job)
    with organization_scope(organization):
        for start in (0, 150):
            lines = [log_line(str(number)) for number in range(start, start + 150)]
            lease.advance(cursor={}, done=0, total=None, lines=lines)

    texts = [line["text"] for line in reread(job).log]
    assert texts == [str(number) for number in range(300 - LOG_LINES, 300)]


@pytest.mark.parametrize("hostile", ["a\x00b", "lone \ud800 surrogate", "x" * 5000, "İ\u00a0é"])
def test_any_text_can_be_logged(hostile: str, new_job: NewJob, organization: Organization) -> None:
    job = new_job()
    with organization_scope(organization):
        taken(job).finish(JobState.FAILED, error=hostile, lines=[log_line(hostile)])

    assert reread(job).error == storable(hostile) == reread(job).log[0]["text"]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_takes_the_job(new_job: NewJob) -> None:
    job = new_job()
    workers = 8
    together = threading.Barrier(workers)

    def try_to_take(number: int) -> Lease | None:
        try:
            together.wait()
            found = take(job.pk)
            return found[0] if found else None
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as threads:
        leases = [lease for lease in threads.map(try_to_take, range(workers)) if lease]

    assert [lease.token for lease in leases] == [1]
