"""Rules that change while leads are being written, and a job that loses its worker: no lead keeps an old score."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction

from core.integrity import run_checks
from core.jobs import runner, shutdown
from core.models import Job, JobState
from core.scope import organization_scope
from leads.queries.scores import RENEW_SCORES
from leads.services import line_renewal
from tests.leads.scoring.conftest import RICH, make_desk, run_renewal


@pytest.mark.django_db(transaction=True)
def test_a_change_of_rules_waits_for_writers_that_know_the_old_ones():
    desk = make_desk()
    organization = desk.operations.organization
    written, may_commit = Event(), Event()

    def write():
        try:
            with organization_scope(organization), transaction.atomic():
                desk.lead(income="600000")
                written.set()
                assert may_commit.wait(timeout=30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        writing = other.submit(write)
        assert written.wait(timeout=30)
        with organization_scope(organization), pytest.raises(OperationalError), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            desk.rule("Rich", 30, RICH)
        may_commit.set()
        writing.result()
    with organization_scope(organization):
        desk.rule("Rich", 30, RICH)
        run_renewal()
        assert desk.scores() == [30]
    assert not run_checks([organization])["leads.scores"].breaks


def test_a_job_that_loses_its_worker_goes_on_where_it_was(desk, monkeypatch):
    monkeypatch.setattr(line_renewal, "BATCH", 2)
    for _ in range(5):
        desk.lead(income="600000")
    desk.rule("Rich", 30, RICH)
    job = Job.objects.get(kind=RENEW_SCORES)
    monkeypatch.setattr(shutdown, "requested", lambda: Job.objects.get(pk=job.pk).done >= 2)
    runner.run_job(job.pk)
    job.refresh_from_db()
    assert job.state not in (JobState.DONE, JobState.FAILED)
    assert desk.scores() == [30, 30, None, None, None]
    monkeypatch.setattr(shutdown, "requested", lambda: False)
    assert run_renewal().result == {"leads": 5, "changed": 5}
    assert desk.scores() == [30] * 5
