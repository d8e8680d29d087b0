"""Publishers and workers beside one another, each with a connection of its own: in order, and exactly once."""

from collections import Counter, defaultdict
from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from core.models import Job
from core.outbox import Delivery, publish, publish_many
from core.outbox.delivering import deliver_due
from core.outbox.integrity import check_outbox
from core.scope import Scope, current_scope, entered, organization_scope, system_scope
from tests.core.outbox.conftest import TOPIC, messages, states
from tests.factories import make_organization

AGGREGATES = 50
MESSAGES = 1_000
PATIENCE = 60.0


class Beside:
    """Work in threads with connections of their own; what fails there fails here."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []
        self._failures: list[BaseException] = []

    def start(self, work: Callable[[], object]) -> Thread:
        scope = current_scope()

        def run() -> None:
            try:
                with entered(scope):
                    work()
            except BaseException as error:
                self._failures.append(error)
            finally:
                connection.close()

        thread = Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        if self._failures:
            raise self._failures[0]


def wait_until_locked() -> None:
    """Wait until somebody waits for a lock."""
    pause = Event()
    for _ in range(600):
        with system_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        pause.wait(0.05)
    raise AssertionError("Nobody waits for a lock.")


@pytest.mark.django_db(transaction=True)
def test_publishers_and_workers_race_and_each_aggregate_keeps_its_order(consumed_by, monkeypatch):
    organization = make_organization("acme")
    work = Beside()

    def write(delivery: Delivery) -> None:
        Job.objects.create(kind="test.kind", title=delivery.aggregate, total=delivery.payload["n"])

    consumed_by(write)

    def publish_half(first: int) -> None:
        # Each aggregate is published for by one thread, so that the order of its commits is known.
        with organization_scope(organization):
            for number in range(MESSAGES // AGGREGATES):
                for start in range(first, AGGREGATES, 10):
                    named = [f"lead:{lead}" for lead in range(start, min(start + 10, AGGREGATES), 2)]
                    with transaction.atomic():
                        publish_many(topic=TOPIC, messages=[(name, {"n": number}) for name in named])

    published = Event()

    def deliver() -> None:
        with entered(Scope()):
            while not published.is_set():
                deliver_due()
            deliver_due()

    publishers = [work.start(lambda first=first: publish_half(first)) for first in (0, 1)]
    for _worker in range(2):
        work.start(deliver)
    for publisher in publishers:
        publisher.join(PATIENCE)
    published.set()
    work.wait()
    with entered(Scope()):
        deliver_due()

    seen = defaultdict(list)
    with system_scope():
        for title, number in Job.objects.order_by("id").values_list("title", "total"):
            seen[title].append(number)
        assert check_outbox().breaks == []
    assert Counter(states()) == {"delivered": MESSAGES}
    assert len(seen) == AGGREGATES
    assert all(numbers == list(range(MESSAGES // AGGREGATES)) for numbers in seen.values())

    # While the tables are there: whoever publishes later has the greater id, though it began first.
    check_that_ids_are_in_the_order_of_the_commits(organization)


def check_that_ids_are_in_the_order_of_the_commits(organization) -> None:
    work = Beside()

    def publish_second() -> None:
        with transaction.atomic():
            publish(topic=TOPIC, aggregate="lead:race", payload={"n": 2})

    with organization_scope(organization):
        with transaction.atomic():
            publish(topic=TOPIC, aggregate="lead:race", payload={"n": 1})
            work.start(publish_second)
            wait_until_locked()
        work.wait()
    raced = [message for message in messages() if message.aggregate == "lead:race"]
    assert [message.payload["n"] for message in raced] == [1, 2]
