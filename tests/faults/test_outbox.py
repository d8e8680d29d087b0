"""The outbox with real workers that are killed and frozen, a Redis that is gone, a mail server that is down."""

import json
import time
from collections.abc import Iterator
from email.message import Message

import pytest
from django.conf import settings

from tests.faults.live_stack import LiveStack, Process
from tests.mail_server import MailServer

pytestmark = [pytest.mark.verify, pytest.mark.timeout(300)]

CONSUMERS = "tests.faults.message_consumers"
# Lease 10 s, sweep 2 s, and the start of a worker.
TAKEN_OVER_WITHIN = 20.0

TABLE = f"""
CREATE TABLE faults_noted (
    position bigserial, aggregate text, number int, message_id uuid, pid int, at timestamptz DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON faults_noted TO {settings.DATABASE_APPLICATION_ROLE};
GRANT USAGE ON SEQUENCE faults_noted_position_seq TO {settings.DATABASE_APPLICATION_ROLE}
"""


class Outbox:
    """The outbox of one organisation in a live stack, and what was seen of it."""

    def __init__(self, stack: LiveStack) -> None:
        self.stack = stack
        stack.query(TABLE)
        self.organization = stack.python(
            "from core.services.organizations import create_organization\n"
            "result = create_organization(slug='acme', name='Acme').pk"
        )

    def publish(self, topic: str, *messages: tuple[str, dict[str, object]]) -> None:
        self.stack.python(
            f"import {CONSUMERS}\n"
            "from django.db import transaction\n"
            "from core.outbox import publish_many\n"
            "from core.scope import organization_scope\n"
            f"with organization_scope({self.organization}), transaction.atomic():\n"
            f"    publish_many(topic={topic!r}, messages={list(messages)!r})\n"
            "result = None"
        )

    def states(self) -> dict[str, int]:
        rows = self.stack.query("SELECT state, count(*) FROM core_outboxmessage GROUP BY state")
        return dict(rows)

    def wait_until(self, states: dict[str, int], seconds: float) -> None:
        self.stack.wait_for(lambda: self.states() == states, seconds, f"{states}, not {self.states()}")

    def wait_for_delivery(self) -> None:
        """Wait until a worker is at work on a message."""
        busy = "SELECT count(*) FROM core_outboxmessage WHERE lease_until > clock_timestamp()"
        self.stack.wait_for(lambda: self.stack.query(busy)[0][0], 30, "a message is in delivery")

    def assert_each_once_and_in_order(self, aggregates: int, each: int) -> None:
        noted = self.stack.query("SELECT aggregate, number FROM faults_noted ORDER BY position")
        assert len(noted) == aggregates * each
        for aggregate in {row[0] for row in noted}:
            assert [number for name, number in noted if name == aggregate] == list(range(each))
        checked = json.loads(self.stack.manage("check_integrity", "--json"))["checks"]["core.outbox"]
        assert (checked["tried"], checked["breaks"]) == (aggregates * each, 0)


@pytest.fixture
def outbox(live_stack: LiveStack) -> Outbox:
    return Outbox(live_stack)


def many(aggregates: int, each: int, **payload: object) -> list[tuple[str, dict[str, object]]]:
    return [(f"lead:{lead}", {"n": n, **payload}) for n in range(each) for lead in range(aggregates)]


def start_worker(stack: LiveStack, concurrency: int = 1) -> Process:
    return stack.start_worker(CONSUMERS, concurrency=concurrency)


def test_a_worker_killed_amid_a_delivery_loses_and_doubles_nothing(
    live_stack: LiveStack, outbox: Outbox
) -> None:
    outbox.publish("faults.note", *many(5, 20, seconds=0.05))
    for _kill in range(3):
        worker = start_worker(live_stack)
        outbox.wait_for_delivery()
        worker.kill()
    start_worker(live_stack)

    outbox.wait_until({"delivered": 100}, 90)
    outbox.assert_each_once_and_in_order(5, 20)


def test_two_workers_race_over_fifty_aggregates(live_stack: LiveStack, outbox: Outbox) -> None:
    outbox.publish("faults.note", *many(50, 20))
    start_worker(live_stack, concurrency=2)
    start_worker(live_stack, concurrency=2)

    outbox.wait_until({"delivered": 1000}, 120)
    outbox.assert_each_once_and_in_order(50, 20)
    workers = live_stack.query("SELECT count(DISTINCT pid) FROM faults_noted")[0][0]
    assert workers >= 2


def test_a_frozen_worker_is_taken_over_and_refused_when_it_thaws(
    live_stack: LiveStack, outbox: Outbox
) -> None:
    frozen = start_worker(live_stack)
    live_stack.wait_for_workers(1)
    outbox.publish("faults.note", ("lead:0", {"n": 0, "seconds": 3}), ("lead:0", {"n": 1}))
    outbox.wait_for_delivery()
    frozen.stop()
    start_worker(live_stack)

    # Its transaction is ended by the database, and its message taken by the other.
    outbox.wait_until({"delivered": 2}, 60)
    frozen.go_on()
    time.sleep(4)

    outbox.assert_each_once_and_in_order(1, 2)


def test_without_redis_messages_wait_and_go_out_when_it_is_back(
    live_stack: LiveStack, outbox: Outbox
) -> None:
    start_worker(live_stack)
    live_stack.wait_for_workers(1)
    live_stack.kill_redis()
    began = time.monotonic()
    outbox.publish("faults.note", *many(3, 5))
    assert time.monotonic() - began < 20
    assert outbox.states() == {"waiting": 15}
    live_stack.start_redis()

    outbox.wait_until({"delivered": 15}, 60)
    outbox.assert_each_once_and_in_order(3, 5)


def test_a_lost_wake_up_is_made_up_for_by_the_sweeper(live_stack: LiveStack, outbox: Outbox) -> None:
    # There is a Redis, and nobody was told: the wake-up went into one that died with it.
    outbox.publish("faults.note", *many(3, 5))
    live_stack.kill_redis()
    live_stack.start_redis()
    start_worker(live_stack)

    outbox.wait_until({"delivered": 15}, 40)
    outbox.assert_each_once_and_in_order(3, 5)


def test_a_message_that_kills_its_workers_is_set_aside_and_others_go_on(
    live_stack: LiveStack, outbox: Outbox
) -> None:
    start_worker(live_stack)
    outbox.publish("faults.kill", ("lead:0", {}))
    outbox.publish("faults.note", ("lead:1", {"n": 0}))

    outbox.wait_until({"delivered": 1, "poisoned": 1}, 120)
    error, log = live_stack.query("SELECT error, log FROM core_outboxmessage WHERE state = 'poisoned'")[0]
    assert "lost" in error
    assert log


# Mail.


@pytest.fixture
def server(live_stack: LiveStack) -> Iterator[MailServer]:
    """A mail server, down as yet, which the stack's processes are told of."""
    with MailServer() as server:
        live_stack.environment["EMAIL_URL"] = server.url
        yield server


def test_mails_wait_for_a_server_that_is_down(
    live_stack: LiveStack, outbox: Outbox, server: MailServer
) -> None:
    start_worker(live_stack)
    outbox.publish("faults.letter", *[(f"user:{n}", {"to": f"p{n}@example.com"}) for n in range(5)])
    failed = "SELECT count(*) FROM core_outboxmessage WHERE error LIKE '%%ConnectionRefused%%'"
    live_stack.wait_for(lambda: live_stack.query(failed)[0][0] == 5, 30, "all were tried")

    server.start()

    outbox.wait_until({"delivered": 5}, 60)
    assert sorted(server.recipients) == [f"p{n}@example.com" for n in range(5)]


def test_a_worker_killed_amid_a_mail_sends_it_again_under_the_same_id(
    live_stack: LiveStack, outbox: Outbox, server: MailServer
) -> None:
    worker = start_worker(live_stack)
    killed = []

    def kill_once(message: Message) -> None:
        """The server has the mail, and the worker will never hear so."""
        if not killed:
            killed.append(message)
            worker.kill()

    server.before_accepting = kill_once
    server.start()
    outbox.publish("faults.letter", ("user:1", {"to": "asha@example.com"}))
    live_stack.wait_for(lambda: killed, 30, "the worker is killed")
    start_worker(live_stack)

    outbox.wait_until({"delivered": 1}, 60)
    assert len(server.received) == 2
    assert len({message["Message-ID"] for message in server.received}) == 1


def test_an_invitation_goes_out_by_the_real_stack(
    live_stack: LiveStack, outbox: Outbox, server: MailServer
) -> None:
    server.start()
    start_worker(live_stack)
    live_stack.python(
        "from accounts.actor import Actor\n"
        "from accounts.services import create_user\n"
        "from core.models import Organization\n"
        "from core.scope import organization_scope, system_scope\n"
        f"with system_scope(): acme = Organization.objects.get(pk={outbox.organization})\n"
        "with organization_scope(acme):\n"
        "    admin = Actor.of(create_user(actor=Actor.system(acme), email='a@acme.example', roles=['admin'],"
        " password='correct horse battery'))\n"
        "    create_user(actor=admin, email='new@acme.example', roles=['agent'])\n"
        "result = None"
    )

    live_stack.wait_for(lambda: server.received, 30, "the mail")
    (sent,) = server.received
    assert sent["To"] == "new@acme.example"
    assert "/account/password/reset/key/" in sent.get_payload(decode=True).decode()


# The clock's work.


def test_two_schedulers_start_the_daily_work_once(live_stack: LiveStack, outbox: Outbox) -> None:
    # Opened days ago, and without a run since: due at once.
    live_stack.query("UPDATE core_organization SET created_at = now() - interval '5 days'")
    for _scheduler in range(2):
        live_stack.start(
            "beat", *["-m", "celery", "--app", "config", "beat", "--max-interval", "1", "--pidfile="]
        )
    planned = "SELECT count(*) FROM django_celery_beat_periodictask WHERE name = 'daily work'"
    live_stack.wait_for(lambda: live_stack.query(planned)[0][0], 30, "the schedule is written")
    live_stack.python(
        "from django_celery_beat.models import IntervalSchedule, PeriodicTask\n"
        "from core.scope import system_scope\n"
        "with system_scope():\n"
        "    task = PeriodicTask.objects.get(name='daily work')\n"
        "    task.interval = IntervalSchedule.objects.get_or_create(every=1, period='seconds')[0]\n"
        "    task.save()\n"
        "result = None"
    )
    worker = start_worker(live_stack)

    asked = "daily_work_looked_after"
    live_stack.wait_for(lambda: worker.log_text().count(asked) >= 8, 60, "they ask again and again")
    done = "SELECT count(*) > 0 AND bool_and(state = 'done') FROM core_job"
    live_stack.wait_for(lambda: live_stack.query(done)[0][0], 60, "the work is done")

    once = dict(live_stack.query("SELECT kind, count(*) FROM core_job GROUP BY kind"))
    assert once == {"core.retention": 1, "leads.find_duplicates": 1}


def test_a_worker_starts_the_daily_work_when_no_scheduler_runs(live_stack: LiveStack, outbox: Outbox) -> None:
    live_stack.query("UPDATE core_organization SET created_at = now() - interval '5 days'")
    start_worker(live_stack)

    done = "SELECT count(*) FROM core_job WHERE kind = 'core.retention' AND state = 'done'"
    live_stack.wait_for(lambda: live_stack.query(done)[0][0], 60, "the daily work is done")
    assert live_stack.query("SELECT count(*) FROM core_purgerecord WHERE finished_at IS NULL")[0][0] == 0
