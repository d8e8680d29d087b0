"""Writing messages: with a transaction, for an organisation, to everybody who consumes them."""

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError

from core.models import OutboxLane
from core.outbox import publish, publish_many, publishing
from core.outbox.delivering import deliver_due
from core.outbox.registry import UnknownTopic
from core.scope import NoOrganization, Scope, entered, organization_scope, system_scope
from tests.core.outbox.conftest import TOPIC, Seen, messages, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch) -> list[int]:
    """The wake-ups sent."""
    sent: list[int] = []

    def send() -> bool:
        sent.append(1)
        return True

    monkeypatch.setattr(publishing, "wake_deliveries", send)
    return sent


def test_a_message_carries_what_its_consumer_needs(seen, in_organization, actor_for):
    actor = actor_for()
    scope = Scope(organization_id=in_organization.pk, actor_id=actor.user.pk, request_id="r-1")
    with entered(scope):
        publish(topic=TOPIC, aggregate="lead:1", payload={"n": 1})

    deliver_due()

    (delivery,), (message,) = seen, messages()
    assert (delivery.topic, delivery.aggregate, delivery.payload) == (TOPIC, "lead:1", {"n": 1})
    assert (delivery.message_id, delivery.attempt) == (message.message_id, 1)
    assert (message.created_by_id, message.request_id) == (actor.user.pk, "r-1")
    assert message.delivered_at is not None


def test_what_is_rolled_back_is_not_owed(seen, in_organization):
    with pytest.raises(RuntimeError), transaction.atomic():
        publish(topic=TOPIC, aggregate="lead:1", payload={})
        raise RuntimeError

    assert messages() == []


def test_without_a_transaction_it_is_refused(seen, in_organization, monkeypatch):
    with monkeypatch.context() as outside, pytest.raises(TransactionManagementError):
        outside.setattr(connections["default"], "in_atomic_block", False)
        publish(topic=TOPIC, aggregate="lead:1", payload={})
    assert messages() == []


def test_a_topic_that_nobody_consumes_is_refused(seen, in_organization):
    with pytest.raises(UnknownTopic):
        publish(topic="test.nobody_listens", aggregate="lead:1", payload={})


def test_without_an_organisation_only_the_system_publishes(seen, db):
    with pytest.raises(NoOrganization):
        publish(topic=TOPIC, aggregate="lead:1", payload={})
    with system_scope():
        publish(topic=TOPIC, aggregate="lead:1", payload={"n": 1})
        publish(topic=TOPIC, aggregate="lead:1", payload={"n": 2})

    deliver_due()

    assert seen.numbers == [1, 2]
    with system_scope():
        assert OutboxLane.objects.count() == 1, "what belongs to nobody has lanes too"


def test_every_consumer_of_a_topic_gets_a_message_of_its_own(consumed_by, in_organization):
    mails, hooks = consumed_by(Seen(), name="test.mails"), consumed_by(Seen(), name="test.hooks")

    publish_many(topic=TOPIC, messages=[(f"lead:{number}", {"n": number}) for number in range(3)])
    deliver_due()

    assert sorted(mails.numbers) == sorted(hooks.numbers) == [0, 1, 2]
    assert len({delivery.message_id for delivery in [*mails, *hooks]}) == 6


def test_many_messages_keep_their_order(seen, in_organization):
    publish_many(topic=TOPIC, messages=[(f"lead:{n % 3}", {"n": n}) for n in range(30)])

    deliver_due()

    for lead in range(3):
        assert [n for n in seen.numbers if n % 3 == lead] == list(range(lead, 30, 3))


def test_nothing_to_publish_is_nothing(seen, in_organization):
    publish_many(topic=TOPIC, messages=[])
    assert messages() == []


def test_a_payload_names_things_and_does_not_carry_them(seen, in_organization):
    with pytest.raises(ValueError, match="characters"):
        publish(topic=TOPIC, aggregate="lead:1", payload={"text": "x" * 9_000})


def test_a_transaction_wakes_a_worker_once(seen, in_organization, woken, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(5):
            publish(topic=TOPIC, aggregate=f"lead:{number}", payload={})
        with transaction.atomic():
            publish(topic=TOPIC, aggregate="lead:9", payload={})
    assert woken == [1]


def test_a_wake_up_that_went_with_a_savepoint_is_planned_again(
    seen, in_organization, woken, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(RuntimeError), transaction.atomic():
            publish(topic=TOPIC, aggregate="lead:1", payload={})
            raise RuntimeError
        publish(topic=TOPIC, aggregate="lead:2", payload={})
    assert woken == [1]


def test_publishing_many_costs_one_statement(seen, in_organization, django_assert_num_queries):
    with django_assert_num_queries(1):
        publish_many(topic=TOPIC, messages=[(f"lead:{number}", {}) for number in range(500)])


def test_a_message_is_its_organisations_alone(seen, in_organization, other_organization):
    publish(topic=TOPIC, aggregate="lead:1", payload={})

    with organization_scope(other_organization), connection.cursor() as cursor:
        for table in ("core_outboxmessage", "core_outboxlane"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0
    assert states() == ["waiting"]
