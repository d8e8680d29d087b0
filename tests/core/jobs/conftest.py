"""Kinds of jobs that exist for one test, and ways to lose a worker without one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from core.jobs import registry
from core.jobs.registry import Handler, JobKind
from core.models import Job, Organization
from core.scope import organization_scope, system_scope
from core.services.jobs import enqueue_job

KIND = "test.kind"


@pytest.fixture
def handled_by() -> Iterator[Callable[[Handler], Handler]]:
    """Return `handled_by(handler)`: jobs of the kind test.kind run `handler` during this test."""

    def register(handler: Handler) -> Handler:
        registry._kinds[KIND] = JobKind(KIND, handler, "lead_files")
        return handler

    register(lambda run: None)
    yield register
    del registry._kinds[KIND]


@pytest.fixture
def new_job(organization: Organization, handled_by: Callable[[Handler], Handler]) -> Callable[..., Job]:
    """Return `new_job(parameters=…, actor=…)`: a job waiting in `organization`."""

    def build(**attributes: Any) -> Job:
        with organization_scope(organization):
            return enqueue_job(kind=KIND, title="A test", **attributes)

    return build


def lose_worker(job: Job) -> None:
    """Do to the job what time does when its worker is killed: the lease runs out."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET lease_until = clock_timestamp() - interval '1 second' WHERE id = %s",
            [job.pk],
        )


def reread(job: Job) -> Job:
    """Return the job as it is in the database now."""
    with system_scope():
        return Job.objects.get(pk=job.pk)
