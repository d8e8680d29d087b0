"""The poison queue: trying again, letting go, and who may."""

import pytest

from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.models import OutboxLane
from core.outbox import AfterPoison, Undeliverable, publish, registry
from core.outbox.delivering import deliver_due
from core.outbox.lanes import claim_next
from core.queries.outbox import poisoned_messages, undelivered_messages
from core.scope import organization_scope, system_scope
from core.services.outbox import discard_message, retry_message
from tests.core.outbox.conftest import TOPIC, Seen, let_time_pass, messages, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def waiting_behind(consumed_by, in_organization) -> Seen:
    """A message that was set aside, and one that waits behind it because its consumer says so."""
    seen = consumed_by(Seen(), tries=1, after_poison=AfterPoison.WAIT)
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 1, "fail": True})
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 2})
    deliver_due()
    assert states() == ["poisoned", "waiting"]
    return seen


def test_what_is_tried_again_comes_before_what_waited_for_it(waiting_behind, operations):
    waiting_behind.failing = False

    retried = retry_message(actor=operations, message_id=messages()[0].pk)
    deliver_due()

    assert waiting_behind.numbers == [1, 1, 2]
    assert states() == ["delivered"] * 2
    retried.refresh_from_db()
    assert retried.log[-1]["text"] == f"Tried again by {operations.label}."
    assert retried.attempts == 1


def test_what_fails_again_is_set_aside_again(waiting_behind, operations):
    retry_message(actor=operations, message_id=messages()[0].pk)
    deliver_due()

    assert waiting_behind.numbers == [1, 1]
    assert states() == ["poisoned", "waiting"]


def test_what_is_discarded_lets_the_later_ones_go(waiting_behind, operations):
    discard_message(actor=operations, message_id=messages()[0].pk, reason="The partner has\n closed.")
    deliver_due()

    assert waiting_behind.numbers == [1, 2]
    assert states() == ["discarded", "delivered"]
    assert messages()[0].log[-1]["text"] == f"Discarded by {operations.label}: The partner has closed."


def test_a_lane_that_waits_for_two_goes_on_behind_the_second(consumed_by, in_organization, operations):
    seen = consumed_by(Seen(), tries=1)
    for number in (1, 2):
        publish(topic=TOPIC, aggregate="lead:1", payload={"n": number, "fail": True})
    deliver_due()
    # From now on the consumer's messages wait for those set aside.
    registry._consumers.clear()
    consumed_by(seen, tries=1, after_poison=AfterPoison.WAIT)
    first, second = messages()

    retry_message(actor=operations, message_id=second.pk)
    deliver_due()
    assert seen.numbers == [1, 2]

    discard_message(actor=operations, message_id=first.pk, reason="Not needed.")
    deliver_due()
    assert seen.numbers == [1, 2, 2]


def test_discarding_needs_a_reason(waiting_behind, operations):
    with pytest.raises(ValidationFailed) as refusal:
        discard_message(actor=operations, message_id=messages()[0].pk, reason="  ")
    assert list(refusal.value.fields) == ["reason"]


def test_a_second_click_changes_nothing(waiting_behind, operations):
    poisoned = messages()[0].pk
    discard_message(actor=operations, message_id=poisoned, reason="Not needed.")

    with pytest.raises(Conflict):
        retry_message(actor=operations, message_id=poisoned)
    assert states()[0] == "discarded"


def test_a_discarded_message_forgets_what_it_should_not_keep(consumed_by, in_organization, operations):
    consumed_by(Seen(), tries=1, forgets_payload=True)
    publish(topic=TOPIC, aggregate="lead:1", payload={"address": "a@example.com", "fail": True})
    deliver_due()

    discard_message(actor=operations, message_id=messages()[0].pk, reason="Not needed.")

    assert messages()[0].payload == {}


@pytest.mark.parametrize("role", [Role.AGENT, Role.AUDITOR])
def test_only_those_who_configure_decide(waiting_behind, actor_for, role):
    actor = actor_for(role)
    with pytest.raises(NotPermitted):
        retry_message(actor=actor, message_id=messages()[0].pk)
    with pytest.raises(NotPermitted):
        discard_message(actor=actor, message_id=messages()[0].pk, reason="No.")


def test_another_organisation_decides_nothing(waiting_behind, actor_for, other_organization):
    stranger = actor_for(Role.ADMIN, organization=other_organization)
    with organization_scope(other_organization):
        assert not undelivered_messages(stranger).exists()
        with pytest.raises(NotVisible):
            retry_message(actor=stranger, message_id=messages()[0].pk)
    assert states() == ["poisoned", "waiting"]


def test_the_queue_is_what_was_set_aside(waiting_behind, operations):
    assert [message.payload["n"] for message in poisoned_messages(operations)] == [1]
    assert undelivered_messages(operations).count() == 2


def test_a_message_is_tried_again_though_its_lane_has_gone(seen, in_organization, operations):
    seen.error = Undeliverable("No such partner.")
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 1, "fail": True})
    deliver_due()
    with system_scope():
        OutboxLane.objects.all().delete()

    seen.failing = False
    retry_message(actor=operations, message_id=messages()[0].pk)
    let_time_pass(1)
    deliver_due()

    assert states() == ["delivered"]


def test_what_is_tried_again_waits_for_the_message_that_is_being_delivered(seen, in_organization, operations):
    seen.error = Undeliverable("No such partner.")
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 1, "fail": True})
    deliver_due()
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 2})
    in_delivery = claim_next()

    retry_message(actor=operations, message_id=messages()[0].pk)

    assert claim_next() is None
    assert in_delivery is not None
    in_delivery.mark_delivered(forget_payload=False)
    in_delivery.settle_lane()
    following = claim_next()
    assert following is not None
    assert following.delivery.payload["n"] == 1
