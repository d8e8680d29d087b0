"""Others keep claiming the same leads: a job goes on later, a request is told to be made again."""

import pytest

from accounts.actor import Actor
from core.errors import Conflict
from core.jobs import run_job_inline
from core.queries.intakes import get_intake
from core.services.intakes import load_intake
from leads.models import BusinessLine
from leads.services.leads import create_lead
from leads.services.recording import CLAIM_ATTEMPTS, Recorder
from tests.leads.intake.sheets import counted, csv_of, person
from tests.leads.loans import loan_values, receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def contested(monkeypatch: pytest.MonkeyPatch) -> None:
    """All attempts of the first batch are lost."""
    left = [False] * CLAIM_ATTEMPTS
    claim = Recorder._claim
    monkeypatch.setattr(Recorder, "_claim", lambda self, rows: left.pop() if left else claim(self, rows))


@pytest.mark.usefixtures("contested")
def test_a_load_goes_on_by_itself(operations: Actor) -> None:
    intake = receive(operations, csv_of(person(1), person(2)))

    job = run_job_inline(load_intake(actor=operations, intake_id=intake.pk, inline=True))

    assert job.state == "done" and job.losses == 1
    assert any("Others keep writing" in line["text"] for line in job.log)
    assert counted(get_intake(operations, intake.pk)) == (2, 0, 0, 0)


@pytest.mark.usefixtures("contested")
def test_a_request_is_told_to_try_again(operations: Actor) -> None:
    with pytest.raises(Conflict, match="Try again") as told:
        create_lead(actor=operations, line=BusinessLine.objects.get(), values=loan_values())

    assert told.value.code == "contested"
