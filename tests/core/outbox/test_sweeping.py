"""Finding messages whose wake-up was lost, without flooding the broker."""

import pytest
from django.db import connection

from core.outbox import publish, publish_many, sweeping
from core.outbox.delivering import deliver_due
from core.outbox.lanes import claim_next
from core.scope import organization_scope, system_scope
from tests.core.outbox.conftest import TOPIC, let_time_pass, states

pytestmark = pytest.mark.django_db


class Broker:
    """Counts the wake-ups it takes; none while it is away."""

    def __init__(self) -> None:
        self.taken = 0
        self.away = False

    def __call__(self) -> bool:
        self.taken += not self.away
        return not self.away


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(sweeping, "wake_deliveries", broker)
    return broker


def let_wake_ups_grow_old() -> None:
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxlane SET woken_at = woken_at - interval '11 seconds'")


def test_a_message_that_nobody_fetches_is_found_by_and_by(seen, in_organization, broker):
    publish(topic=TOPIC, aggregate="lead:1", payload={})
    assert sweeping.wake_due_messages() == 0, "its own wake-up has a second to come"

    let_time_pass(2)
    assert sweeping.wake_due_messages() == 1
    assert sweeping.wake_due_messages() == 0, "not again at once"
    let_wake_ups_grow_old()
    assert sweeping.wake_due_messages() == 1


def test_messages_of_all_organisations_are_found(seen, organization, other_organization, broker):
    for where in (organization, other_organization):
        with organization_scope(where):
            publish(topic=TOPIC, aggregate="lead:1", payload={})
    let_time_pass(2)

    assert sweeping.wake_due_messages() == 2


def test_a_long_queue_is_woken_for_a_few_times_only(seen, in_organization, broker):
    publish_many(topic=TOPIC, messages=[(f"lead:{number}", {}) for number in range(200)])
    let_time_pass(2)

    assert sweeping.wake_due_messages() == sweeping.WOKEN_TOGETHER
    assert sweeping.wake_due_messages() == 0


def test_without_a_broker_nothing_is_lost(seen, in_organization, broker):
    publish(topic=TOPIC, aggregate="lead:1", payload={})
    let_time_pass(2)
    broker.away = True
    assert sweeping.wake_due_messages() == 0

    broker.away = False
    assert sweeping.wake_due_messages() == 1


def test_what_is_being_delivered_or_rests_is_left_alone(seen, in_organization, broker):
    publish(topic=TOPIC, aggregate="lead:1", payload={"fail": True})
    publish(topic=TOPIC, aggregate="lead:2", payload={})
    let_time_pass(2)
    deliver_due()
    publish(topic=TOPIC, aggregate="lead:3", payload={})
    claim_next()

    assert sweeping.wake_due_messages() == 0
    assert states() == ["waiting", "delivered", "waiting"]


def test_a_message_whose_worker_was_lost_is_found_when_its_lease_is_over(seen, in_organization, broker):
    publish(topic=TOPIC, aggregate="lead:1", payload={})
    claim_next()
    let_time_pass(12)

    assert sweeping.wake_due_messages() == 1
