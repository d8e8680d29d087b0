"""Pause, resume and cancel of an import, by the buttons of its page and by calls."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import Conflict, NotVisible
from core.intake import reading
from core.intake.running import LOAD
from core.jobs import run_job, run_job_inline
from core.models import Intake, IntakeState, Job, Organization
from core.queries.intakes import get_intake
from core.scope import organization_scope
from core.services import intake_work
from core.services.intake_work import cancel_intake, pause_intake, resume_intake
from core.services.intakes import check_intake, load_intake, roll_back_intake
from leads.models import Lead
from tests.conftest import ActorFor
from tests.leads.intake.sheets import csv_of, person
from tests.leads.loans import receive

pytestmark = pytest.mark.django_db
ROWS = 7


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    monkeypatch.setattr(reading, "FEWEST_ROWS", 2)


@pytest.fixture
def loading(operations: Actor) -> Intake:
    """A file whose load waits for a worker."""
    intake = receive(operations, csv_of(*(person(number) for number in range(ROWS))))
    load_intake(actor=operations, intake_id=intake.pk)
    return get_intake(operations, intake.pk)


@pytest.fixture
def half_loaded(loading: Intake, operations: Actor, monkeypatch: pytest.MonkeyPatch) -> Intake:
    """A load that was paused in its second batch."""
    from leads.intake import LeadImporter

    write = LeadImporter.write
    batches: list[int] = []

    def pausing(self: LeadImporter, rows: Any) -> Any:
        batches.append(len(rows))
        if len(batches) == 2:
            pause_intake(actor=operations, intake_id=loading.pk)
        return write(self, rows)

    monkeypatch.setattr(LeadImporter, "write", pausing)
    run_job(loading.job_id)
    return get_intake(operations, loading.pk)


def test_a_paused_load_rests_between_batches_and_goes_on_behind_them(
    half_loaded: Intake, operations: Actor
) -> None:
    assert half_loaded.current_state is IntakeState.PAUSED
    assert Lead.objects.count() == 4

    resumed = resume_intake(actor=operations, intake_id=half_loaded.pk)
    run_job(resumed.job_id)

    loaded = get_intake(operations, half_loaded.pk)
    assert (loaded.current_state, loaded.accepted, Lead.objects.count()) == (IntakeState.LOADED, ROWS, ROWS)
    assert Job.objects.filter(kind=LOAD).count() == 1


def test_the_page_shows_who_paused_it_and_resumes(
    half_loaded: Intake, operations: Actor, client_for: Callable[[Actor], Client]
) -> None:
    client, address = client_for(operations), f"/imports/{half_loaded.pk}/"

    page = client.get(address).content.decode()
    assert f"by {operations.membership}," in page and f"{address}resume/" in page
    assert f"{address}pause/" not in page
    assert "Paused" in client.get("/imports/").content.decode()

    again = client.post(f"{address}pause/", follow=True).content.decode()
    assert "It was paused already." in again
    resumed = client.post(f"{address}resume/", follow=True).content.decode()
    assert f"{address}pause/" in resumed and f"{address}resume/" not in resumed
    assert "It is not paused" in client.post(f"{address}resume/", follow=True).content.decode()


def test_a_paused_load_is_cancelled_and_taken_back(
    half_loaded: Intake, operations: Actor, client_for: Callable[[Actor], Client]
) -> None:
    client, address = client_for(operations), f"/imports/{half_loaded.pk}/"

    page = client.post(f"{address}cancel/", follow=True).content.decode()
    assert "Cancelled" in page and "Load the rest" in page and "Roll back" in page
    assert "Nothing is at work" in client.post(f"{address}cancel/", follow=True).content.decode()

    run_job_inline(roll_back_intake(actor=operations, intake_id=half_loaded.pk, inline=True))
    assert not Lead.objects.exists()


def test_nothing_else_begins_while_it_rests(half_loaded: Intake, operations: Actor) -> None:
    for begin in (check_intake, load_intake, roll_back_intake):
        with pytest.raises(Conflict) as refused:
            begin(actor=operations, intake_id=half_loaded.pk)
        assert "is paused" in refused.value.message


def test_a_load_that_just_ended_is_told_so(loading: Intake, operations: Actor) -> None:
    stale = get_intake(operations, loading.pk)
    run_job(loading.job_id)

    for change in (pause_intake, resume_intake, cancel_intake):
        with pytest.raises(Conflict) as refused:
            change(actor=operations, intake_id=loading.pk)
        assert refused.value.code == "not_running"
    with pytest.raises(Conflict) as refused:
        intake_work.pause_job(job=stale.job, actor=operations)
    assert refused.value.code == "job_ended"


def test_a_check_stores_nothing_and_is_not_paused(
    operations: Actor, client_for: Callable[[Actor], Client]
) -> None:
    intake = receive(operations, csv_of(person(1)))
    check_intake(actor=operations, intake_id=intake.pk)

    assert (
        f"/imports/{intake.pk}/pause/"
        not in client_for(operations).get(f"/imports/{intake.pk}/").content.decode()
    )
    with pytest.raises(Conflict) as refused:
        pause_intake(actor=operations, intake_id=intake.pk)
    assert refused.value.code == "cannot_pause"


def test_another_organisation_finds_nothing_to_pause(
    loading: Intake, actor_for: ActorFor, other_organization: Organization
) -> None:
    stranger = actor_for(Role.OPERATIONS, organization=other_organization)
    with organization_scope(other_organization):
        for change in (pause_intake, resume_intake, cancel_intake):
            with pytest.raises(NotVisible):
                change(actor=stranger, intake_id=loading.pk)
