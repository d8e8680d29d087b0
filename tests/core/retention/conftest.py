"""A purge that exists for one test, and rows that are old."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from core.models import Job, JobState, Organization
from core.retention import Purge, purge, registry
from core.scope import organization_scope

OldJob = Callable[..., Job]


@pytest.fixture
def only_purge(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return `only_purge(new)`: this test's only purge; without an argument, of jobs titled “old”."""
    settings.RETENTION_TEST_DAYS = 30
    monkeypatch.setattr(registry, "_purges", {})
    monkeypatch.setattr(registry, "_discover", lambda: None)

    def register(new: Purge | None = None) -> None:
        if new is not None:
            registry.register_purge(new)
            return

        @purge("test.jobs", setting="RETENTION_TEST_DAYS", title="Jobs of a test")
        def old_jobs(before: datetime) -> QuerySet[Job]:
            return Job.objects.filter(title="old", finished_at__lt=before)

    yield register


@pytest.fixture
def old_job(organization: Organization) -> OldJob:
    """Return `old_job(days=…, organization=…)`: a job that was done so many days ago."""

    def build(days: float = 100, where: Organization | None = None, **values: object) -> Job:
        ended = timezone.now() - timedelta(days=days)
        made = {"kind": "test.kind", "title": "old", "state": JobState.DONE, "finished_at": ended, **values}
        with organization_scope(where or organization):
            return Job.objects.create(**made)

    return build
