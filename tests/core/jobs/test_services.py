"""Asking for jobs and cancelling them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from accounts.actor import Actor
from core.errors import NotPermitted, NotVisible
from core.jobs import wakeup
from core.jobs.lease import take
from core.jobs.registry import Handler, UnknownKind
from core.jobs.runner import run_job
from core.models import Job, JobState, Organization
from core.queries.jobs import visible_job
from core.scope import entered, organization_scope
from core.services.jobs import cancel_job, enqueue_job
from tests.conftest import ActorFor
from tests.core.jobs.conftest import KIND, lose_worker, reread

pytestmark = pytest.mark.django_db
NewJob = Callable[..., Job]


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the jobs for which a wake-up was sent."""
    sent: list[int] = []
    monkeypatch.setattr("core.services.jobs.send_wake_up", sent.append)
    return sent


@pytest.fixture
def dead_broker(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    wakeup._sender.cache_clear()
    yield
    wakeup._sender.cache_clear()


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_is_sent_once_the_transaction_has_committed(
    organization: Organization, handled_by: Callable[[Handler], Handler], woken: list[int]
) -> None:
    with organization_scope(organization), transaction.atomic():
        job = enqueue_job(kind=KIND, title="Later")
        before_commit = list(woken)

    assert (before_commit, woken) == ([], [job.pk])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_woken_for_a_job_that_was_rolled_back(
    organization: Organization, handled_by: Callable[[Handler], Handler], woken: list[int]
) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        organization_scope(organization),
        transaction.atomic(),
    ):
        enqueue_job(kind=KIND, title="Never")
        raise ZeroDivisionError

    assert woken == []


def test_without_a_broker_the_job_is_there_all_the_same(
    new_job: NewJob, dead_broker: None, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        job = new_job()

    assert len(callbacks) == 1
    assert reread(job).state == JobState.QUEUED


def test_a_wake_up_says_whether_the_broker_took_it(dead_broker: None) -> None:
    assert wakeup.send_wake_up(1) is False


def test_a_wake_up_names_the_task_and_the_job() -> None:
    with wakeup._sender().connection_for_read() as connection:
        queue = connection.SimpleQueue("leadledger")
        queue.clear()

        assert wakeup.send_wake_up(17) is True

        message = queue.get(timeout=1)
    assert message.headers["task"] == "core.tasks.run_job"
    assert message.payload[0] == [17]


def test_a_job_remembers_who_asked_and_in_which_request(
    organization: Organization, handled_by: Callable[[Handler], Handler], actor_for: ActorFor
) -> None:
    actor = actor_for("operations")
    with (
        organization_scope(organization) as scope,
        entered(replace(scope, request_id="abc")),
    ):
        job = enqueue_job(kind=KIND, title="T" * 400, parameters={"file": 1}, actor=actor)

    now = reread(job)
    assert (now.created_by_id, now.request_id, now.parameters) == (actor.user.pk, "abc", {"file": 1})
    assert len(now.title) == 300


def test_an_unknown_kind_is_never_enqueued(organization: Organization) -> None:
    with organization_scope(organization), pytest.raises(UnknownKind):
        enqueue_job(kind="nobody.knows", title="Never")


@pytest.fixture
def operator(actor_for: ActorFor) -> Actor:
    return actor_for("operations")


def test_a_waiting_job_is_cancelled_at_once(
    new_job: NewJob, operator: Actor, in_organization: Organization
) -> None:
    job = new_job()

    cancelled = cancel_job(job=job, actor=operator)

    assert (cancelled.state, cancelled.is_finished) == (JobState.CANCELLED, True)
    assert take(job.pk) is None


def test_a_running_job_is_asked_to_end(
    new_job: NewJob, operator: Actor, in_organization: Organization
) -> None:
    job = new_job()
    take(job.pk)

    asked = cancel_job(job=job, actor=operator)

    assert (asked.state, asked.cancel_requested) == (JobState.RUNNING, True)


def test_a_cancelled_job_whose_worker_is_gone_ends_with_the_next(
    new_job: NewJob, operator: Actor, in_organization: Organization
) -> None:
    job = new_job()
    take(job.pk)
    cancel_job(job=job, actor=operator)
    lose_worker(job)

    run_job(job.pk)

    assert reread(job).state == JobState.CANCELLED


def test_a_finished_job_is_left_as_it_is(
    new_job: NewJob, operator: Actor, in_organization: Organization
) -> None:
    job = new_job()
    run_job(job.pk)

    assert cancel_job(job=job, actor=operator).state == JobState.DONE
    assert not reread(job).cancel_requested


def test_who_asked_may_see_and_cancel_a_job_and_so_may_operations(
    new_job: NewJob, actor_for: ActorFor, in_organization: Organization
) -> None:
    leader, other_leader = actor_for("team_leader"), actor_for("team_leader")
    auditor = actor_for("auditor")
    job = new_job(actor=leader)

    for actor in (leader, auditor, actor_for("operations")):
        assert visible_job(actor, job.pk) == job
    for actor in (other_leader, actor_for("agent"), actor_for("finance")):
        with pytest.raises(NotVisible):
            visible_job(actor, job.pk)
    for actor in (other_leader, auditor):
        with pytest.raises(NotPermitted):
            cancel_job(job=job, actor=actor)
    assert cancel_job(job=job, actor=leader).state == JobState.CANCELLED


def test_another_organisation_never_sees_a_job(
    new_job: NewJob, actor_for: ActorFor, other_organization: Organization
) -> None:
    job = new_job()
    stranger = actor_for("operations", organization=other_organization)

    with organization_scope(other_organization), pytest.raises(NotVisible):
        visible_job(stranger, job.pk)
