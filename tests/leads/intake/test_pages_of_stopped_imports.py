"""The page of an import that ended early says why, how far it came, and offers the ways out."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.actor import Actor
from core.models import Job, JobState
from core.services.intakes import load_intake
from leads.models import Lead
from tests.leads.intake.sheets import csv_of, person
from tests.leads.loans import receive

pytestmark = pytest.mark.django_db


def test_it_offers_to_go_on_and_to_roll_back(
    operations: Actor, client_for: Callable[[Actor], Client]
) -> None:
    intake = receive(operations, csv_of(person(1), person(2)))
    job = load_intake(actor=operations, intake_id=intake.pk)
    counts = {"data_rows": 17, "accepted": 16, "rejected": 1, "duplicate": 0, "updated": 0, "held": 0}
    cursor = {"row": 18, "counts": {**counts, "reasons": {"pan:pattern": 1}}}
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED, error="The worker was lost 3 times.", cursor=cursor, finished_at=job.created_at
    )
    client = client_for(operations)

    page = client.get(f"/imports/{intake.pk}/").content.decode()

    assert "The worker was lost 3 times." in page and "Failed" in page
    assert "16" in page and "Load the rest" in page and "rollback" in page
    assert client.post(f"/imports/{intake.pk}/load/").status_code == 302
    rest = Job.objects.latest("pk")
    assert rest.parameters["continues"] == cursor and rest.pk != job.pk
    assert not Lead.objects.exists()
