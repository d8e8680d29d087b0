"""The live progress of a job."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.actor import Actor
from core.jobs.lease import take
from core.jobs.registry import Handler
from core.jobs.runner import run_job
from core.models import Job, JobState, Organization
from tests.conftest import ActorFor
from tests.core.jobs.conftest import handled_by, new_job, reread  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]
ClientFor = Callable[..., Client]


@pytest.fixture
def leader(actor_for: ActorFor) -> Actor:
    return actor_for("team_leader")


def test_progress_is_asked_for_until_the_job_has_ended(
    new_job: NewJob,  # noqa: F811
    leader: Actor,
    client_for: ClientFor,
) -> None:
    client = client_for(leader)
    job = new_job(actor=leader)

    while_waiting = client.get(f"/jobs/{job.pk}/progress")
    run_job(job.pk)
    at_the_end = client.get(f"/jobs/{job.pk}/progress")

    assert f'hx-get="/jobs/{job.pk}/progress" hx-trigger="every 1s"' in while_waiting.content.decode()
    assert "HX-Trigger" not in while_waiting
    assert "hx-get" not in at_the_end.content.decode()
    assert at_the_end["HX-Trigger"] == "job-finished"
    assert at_the_end["Cache-Control"] == "no-store"


def test_progress_shows_numbers_and_the_error(
    new_job: NewJob,  # noqa: F811
    handled_by: Callable[[Handler], Handler],  # noqa: F811
    leader: Actor,
    client_for: ClientFor,
) -> None:
    from core.errors import ValidationFailed

    @handled_by
    def handler(run) -> None:  # type: ignore[no-untyped-def]
        run.advance(done=1200, total=5000)
        raise ValidationFailed("empty", "The file has no rows <b>at all</b>.")

    job = new_job(actor=leader)
    run_job(job.pk)

    page = client_for(leader).get(f"/jobs/{job.pk}/progress").content.decode()

    assert 'max="5000" value="1200"' in page
    assert "The file has no rows &lt;b&gt;at all&lt;/b&gt;." in page


def test_a_job_of_somebody_else_is_not_there(
    new_job: NewJob,  # noqa: F811
    leader: Actor,
    actor_for: ActorFor,
    client_for: ClientFor,
    other_organization: Organization,
) -> None:
    job = new_job(actor=leader)
    others = [actor_for("agent"), actor_for("operations", organization=other_organization)]

    for other in others:
        assert client_for(other).get(f"/jobs/{job.pk}/progress").status_code == 404
        assert client_for(other).post(f"/jobs/{job.pk}/cancel").status_code == 404
    assert Client().get(f"/jobs/{job.pk}/progress").status_code == 302
    assert reread(job).state == JobState.QUEUED


def test_a_job_is_stopped_with_scripts_and_without(
    new_job: NewJob,  # noqa: F811
    leader: Actor,
    client_for: ClientFor,
) -> None:
    client = client_for(leader)
    waiting, running = new_job(actor=leader), new_job(actor=leader)
    take(running.pk)

    with_scripts = client.post(f"/jobs/{running.pk}/cancel", headers={"HX-Request": "true"})
    without = client.post(f"/jobs/{waiting.pk}/cancel", {"next": "/leads/"})
    elsewhere = client.post(f"/jobs/{waiting.pk}/cancel", {"next": "https://evil.example/"})

    assert "Stopping after the current batch" in with_scripts.content.decode()
    assert reread(running).cancel_requested
    assert (without.status_code, without["Location"]) == (302, "/leads/")
    assert elsewhere["Location"] == "/"
    assert reread(waiting).state == JobState.CANCELLED


def test_who_may_only_read_sees_no_button_to_stop(
    new_job: NewJob,  # noqa: F811
    leader: Actor,
    actor_for: ActorFor,
    client_for: ClientFor,
) -> None:
    job = new_job(actor=leader)
    auditor = client_for(actor_for("auditor"))

    assert "/cancel" not in auditor.get(f"/jobs/{job.pk}/progress").content.decode()
    assert auditor.post(f"/jobs/{job.pk}/cancel").status_code == 403


def test_looking_at_progress_takes_few_queries(
    new_job: NewJob,  # noqa: F811
    leader: Actor,
    client_for: ClientFor,
    django_assert_max_num_queries: Callable,
) -> None:
    client, job = client_for(leader), new_job(actor=leader)
    client.get(f"/jobs/{job.pk}/progress")

    with django_assert_max_num_queries(6):
        client.get(f"/jobs/{job.pk}/progress")
