"""Removing what is old: how much, whose, in batches, once a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from core.errors import ApplicationError
from core.jobs import run_job
from core.models import DailyRun, Job, JobState, PurgeRecord
from core.retention import Purge, running
from core.retention.running import RETENTION
from core.retention.scheduling import GRACE, start_retention
from core.schedule import claim_day, day_due
from core.scope import organization_scope, system_scope
from core.services.jobs import enqueue_job
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


def run_retention(organization) -> Job:
    with organization_scope(organization):
        job = enqueue_job(kind=RETENTION, title="Removal")
    run_job(job.pk)
    with system_scope():
        job.refresh_from_db()
    return job


def titles(organization) -> list[str]:
    with organization_scope(organization):
        return sorted(Job.objects.exclude(kind=RETENTION).values_list("title", flat=True))


def record(organization, name: str = "test.jobs") -> PurgeRecord:
    with organization_scope(organization):
        return PurgeRecord.objects.get(purge=name)


def test_what_is_older_than_the_setting_goes_and_the_rest_stays(only_purge, old_job, organization):
    only_purge()
    old_job(days=31)
    old_job(days=29)
    old_job(days=99, title="of another kind")

    job = run_retention(organization)

    assert job.state == JobState.DONE
    assert job.result == {"rows": {"test.jobs": 1}}
    assert titles(organization) == ["of another kind", "old"]
    assert (record(organization).rows, record(organization).error) == (1, "")
    assert record(organization).finished_at is not None


def test_zero_days_keep_for_ever(only_purge, old_job, organization, settings):
    settings.RETENTION_TEST_DAYS = 0
    only_purge()
    old_job(days=9999)

    run_retention(organization)

    assert titles(organization) == ["old"]


def test_rows_of_another_organisation_are_out_of_reach(only_purge, old_job, organization, other_organization):
    only_purge()
    old_job(where=other_organization)

    run_retention(organization)

    assert titles(other_organization) == ["old"]


def test_many_rows_go_in_batches_that_are_counted_together(only_purge, old_job, organization, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 3)
    only_purge()
    for _ in range(8):
        old_job()

    run_retention(organization)

    assert titles(organization) == []
    assert record(organization).rows == 8


def test_an_interrupted_run_goes_on_where_it_was(only_purge, old_job, organization, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 2)
    only_purge()
    for _ in range(6):
        old_job()
    with organization_scope(organization):
        job = enqueue_job(kind=RETENTION, title="Removal")
        Job.objects.filter(pk=job.pk).update(cursor={"rows": {"test.jobs": 5}})

    run_job(job.pk)

    assert record(organization).rows == 11


def test_a_purge_that_fails_is_told_of_and_keeps_no_other_from_running(only_purge, old_job, organization):
    def fail(before: datetime, limit: int) -> int:
        raise ApplicationError("full", "The disk is full.")

    only_purge(Purge("test.broken", "Broken", "RETENTION_TEST_DAYS", lambda before: 0, fail))
    only_purge()
    old_job()

    job = run_retention(organization)

    assert job.state == JobState.FAILED
    assert "test.broken" in job.error
    assert record(organization, "test.broken").error == "The disk is full."
    assert titles(organization) == []


def test_what_belongs_to_no_organisation_is_counted_for_none(only_purge, organization):
    left = [7, 0]
    roles = []

    def delete(before: datetime, limit: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('role')")
            roles.append(cursor.fetchone()[0])
        return left.pop(0)

    only_purge(Purge("test.nobodys", "Nobody's", "RETENTION_TEST_DAYS", lambda before: 0, delete, True))

    run_retention(organization)

    assert roles == ["none", "none"]
    assert record(organization, "test.nobodys").rows is None


def test_a_purge_that_names_no_setting_is_refused(only_purge):
    with pytest.raises(ValueError, match="RETENTION_NOWHERE_DAYS"):
        only_purge(Purge("test.other", "Other", "RETENTION_NOWHERE_DAYS", lambda b: 0, lambda b, n: 0))


# Once a day, by whoever comes first.

OPENED = datetime(2026, 3, 1, 12, tzinfo=UTC)
# It is 02:30 in Kolkata.
DUE = datetime(2026, 3, 9, 21, 0, tzinfo=UTC)


def retention_jobs() -> int:
    with system_scope():
        return Job.objects.filter(kind=RETENTION).count()


@pytest.fixture
def opened():
    """Two organisations that were opened some days ago, in Kolkata and in New York."""
    with time_machine.travel(OPENED, tick=False):
        return [make_organization("east"), make_organization("west", timezone="America/New_York")]


def test_each_organisation_begins_in_its_own_night(opened):
    with time_machine.travel(DUE, tick=False):
        start_retention()
    with system_scope():
        days = dict(DailyRun.objects.values_list("organization__slug", "day"))
    # It is the afternoon of the ninth in New York, where the last night had no run either.
    assert days == {"east": date(2026, 3, 10), "west": date(2026, 3, 9)}


def test_a_second_scheduler_starts_nothing(opened):
    with time_machine.travel(DUE, tick=False):
        assert [start_retention(), start_retention()] == [2, 0]
    assert retention_jobs() == 2


def test_the_next_day_it_runs_again(opened):
    for day in range(3):
        with time_machine.travel(DUE + timedelta(days=day), tick=False):
            start_retention()
    assert retention_jobs() == 6


def test_a_worker_makes_up_for_a_scheduler_that_is_down_but_leaves_it_its_time(opened):
    started = []
    for minutes in (0, 15, 90):
        with time_machine.travel(datetime(2026, 3, 9, 20, 40, tzinfo=UTC) + timedelta(minutes=minutes)):
            started.append(start_retention(late_by=GRACE))
    assert started == [2, 0, 1]


def test_an_organisation_of_today_waits_for_its_first_night(db):
    with time_machine.travel(DUE, tick=False):
        make_organization("new")
        assert start_retention() == 0


def test_a_day_written_by_a_clock_gone_wrong_holds_nothing_up(opened):
    with organization_scope(opened[0]):
        claim_day(RETENTION, date(2099, 1, 1))
    with time_machine.travel(DUE, tick=False):
        assert start_retention() == 2


def test_a_clock_that_is_set_back_an_hour_runs_nothing_twice(opened):
    with time_machine.travel(DUE, tick=False):
        start_retention()
    with time_machine.travel(DUE - timedelta(hours=1), tick=False):
        assert start_retention() == 0


def test_the_day_begins_at_the_hour(opened):
    east = opened[0]
    assert day_due(east, hour=2, now=datetime(2026, 3, 9, 20, 29, tzinfo=UTC)) == date(2026, 3, 9)
    assert day_due(east, hour=2, now=datetime(2026, 3, 9, 20, 31, tzinfo=UTC)) == date(2026, 3, 10)
