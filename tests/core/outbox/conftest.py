"""Consumers that exist for one test, and ways to let time pass for messages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from core.models import OutboxMessage
from core.outbox import Delivery, consumer, registry
from core.scope import system_scope

TOPIC = "test.happened"


@pytest.fixture
def consumed_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Return `consumed_by(handler, *topics, **options)`: the test's consumers, and no others."""
    monkeypatch.setattr(registry, "_consumers", {})
    monkeypatch.setattr(registry, "_discover", lambda: None)

    def register(handler: Callable[[Delivery], object], *topics: str, **options: Any) -> Any:
        return consumer(*(topics or (TOPIC,)), **options)(handler)

    yield register


class Seen(list[Delivery]):
    """What a consumer got. It fails for the payload {"fail": …} while `failing`."""

    failing = True
    error: Exception = RuntimeError("The partner says no.")

    def __call__(self, delivery: Delivery) -> None:
        self.append(delivery)
        if self.failing and delivery.payload.get("fail"):
            raise self.error

    @property
    def numbers(self) -> list[Any]:
        return [delivery.payload.get("n") for delivery in self]


@pytest.fixture
def seen(consumed_by: Callable[..., Any]) -> Seen:
    """The consumer of test.happened that notes what it gets."""
    return consumed_by(Seen())


def let_time_pass(seconds: int = 7200) -> None:
    """Do to lanes and messages what time does: pauses and leases run out."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxlane SET due_at = due_at - make_interval(secs => %s)", [seconds])
        cursor.execute(
            "UPDATE core_outboxmessage SET next_attempt_at = next_attempt_at - make_interval(secs => %s),"
            " lease_until = lease_until - make_interval(secs => %s)",
            [seconds, seconds],
        )


def messages() -> list[OutboxMessage]:
    """Return every message there is, the oldest first."""
    with system_scope():
        return list(OutboxMessage.objects.order_by("id"))


def states() -> list[str]:
    """Return the states of all messages, the oldest first."""
    return [message.state for message in messages()]
