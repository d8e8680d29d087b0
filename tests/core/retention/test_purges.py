"""What the foundation itself removes, and what it keeps though it is old."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.intake.running import CHECK, LOAD
from core.models import Intake, Job, JobState
from core.retention.registry import registered_purges
from core.scope import organization_scope, system_scope
from leads.services.exports import EXPORT

pytestmark = pytest.mark.django_db


def delete(name: str, organization) -> int:
    purge = next(purge for purge in registered_purges() if purge.name == name)
    with organization_scope(organization), purge.scope():
        counted = purge.count(purge.before)
        removed = purge.delete(purge.before, 100)
    assert counted == removed
    return removed


def exists(job: Job) -> bool:
    with system_scope():
        return Job.objects.filter(pk=job.pk).exists()


def test_finished_jobs_go_and_those_that_wait_or_are_young_stay(old_job, organization):
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        old_job(91, state=state)
    kept = [old_job(89), old_job(91, state=JobState.QUEUED), old_job(91, state=JobState.RUNNING)]

    assert delete("core.jobs", organization) == 3
    assert all(exists(job) for job in kept)


def test_jobs_that_imports_refer_to_and_loads_and_exports_stay(old_job, organization):
    referred, load, export = old_job(kind=CHECK), old_job(kind=LOAD), old_job(kind=EXPORT)
    free = old_job(kind=CHECK)
    with organization_scope(organization):
        Intake.objects.create(importer="leads", target="loans", filename="a.csv", job=referred)

    assert delete("core.jobs", organization) == 1
    assert [exists(job) for job in (referred, load, export, free)] == [True, True, True, False]


def test_sessions_go_a_day_after_they_expired(organization):
    with system_scope():
        for key, hours in (("gone", -25), ("fresh", -23), ("valid", 5)):
            ends = timezone.now() + timedelta(hours=hours)
            Session.objects.create(session_key=key, session_data="", expire_date=ends)

    assert delete("core.sessions", organization) == 1
    with system_scope():
        assert set(Session.objects.values_list("session_key", flat=True)) == {"fresh", "valid"}
