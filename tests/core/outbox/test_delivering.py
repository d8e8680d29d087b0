"""Delivering: in order, again after a failure, aside after too many; and what commits together."""

import pytest
from django.db import connection, transaction

from core.jobs.errors import LeaseLost
from core.models import Job, OutboxMessage
from core.outbox import AfterPoison, Delivery, Undeliverable, publish, registry
from core.outbox.delivering import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, deliver_due, pause_seconds
from core.outbox.lanes import claim_next
from core.scope import current_scope, organization_scope, system_scope
from tests.core.outbox.conftest import TOPIC, Seen, let_time_pass, messages, states

pytestmark = pytest.mark.django_db


def owe(*payloads: dict, aggregate: str = "lead:1") -> None:
    for payload in payloads:
        publish(topic=TOPIC, aggregate=aggregate, payload=payload)


def test_an_aggregate_waits_for_its_first_message_and_others_go_on(seen, in_organization):
    owe({"n": 1, "fail": True}, {"n": 2})
    owe({"n": 3}, aggregate="lead:2")

    deliver_due()
    assert seen.numbers == [1, 3]

    seen.failing = False
    let_time_pass()
    deliver_due()
    assert seen.numbers == [1, 3, 1, 2]
    assert states() == ["delivered"] * 3


def test_the_same_message_has_the_same_id_at_each_attempt(seen, in_organization):
    owe({"fail": True})
    for _attempt in range(3):
        deliver_due()
        let_time_pass()

    assert [delivery.attempt for delivery in seen] == [1, 2, 3]
    assert len({delivery.message_id for delivery in seen}) == 1


def test_a_failed_message_rests_before_the_next_attempt(seen, in_organization):
    owe({"fail": True})
    deliver_due()
    deliver_due()

    assert len(seen) == 1
    (message,) = messages()
    assert message.error.startswith("RuntimeError: The partner says no.")
    assert [entry["text"].partition(",")[0] for entry in message.log] == ["Attempt 1"]
    assert message.next_attempt_at is not None


def test_pauses_double_up_to_an_hour_and_are_spread():
    for attempt in range(1, 60):
        longest = min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
        pauses = {pause_seconds(attempt) for _ in range(20)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 1


def test_after_its_tries_a_message_is_set_aside_and_the_later_ones_go_on(consumed_by, in_organization):
    seen = consumed_by(Seen(), tries=3)
    owe({"n": 1, "fail": True}, {"n": 2})

    for _attempt in range(5):
        deliver_due()
        let_time_pass()

    assert seen.numbers == [1, 1, 1, 2]
    first, second = messages()
    assert (first.state, second.state) == ("poisoned", "delivered")
    assert "The partner says no." in first.error
    assert first.poisoned_at is not None
    assert len(first.log) == 3


def test_where_a_consumer_says_so_the_later_ones_wait(consumed_by, in_organization):
    seen = consumed_by(Seen(), tries=1, after_poison=AfterPoison.WAIT)
    owe({"n": 1, "fail": True}, {"n": 2})
    deliver_due()

    owe({"n": 3})
    let_time_pass()
    deliver_due()

    assert seen.numbers == [1]
    assert states() == ["poisoned", "waiting", "waiting"]


def test_what_can_never_be_delivered_is_set_aside_at_once(seen, in_organization):
    seen.error = Undeliverable("There is no such partner.")
    owe({"fail": True})

    deliver_due()

    (message,) = messages()
    assert (message.state, message.attempts, message.error) == ("poisoned", 1, "There is no such partner.")


def test_what_libraries_say_is_kept_without_what_may_be_personal(seen, in_organization):
    seen.error = ValueError("Key (phone)=(98765 43210) of asha@example.com exists")
    owe({"fail": True})

    deliver_due()

    (message,) = messages()
    assert "Key (phone)=(•••) of ••• exists" in message.error
    assert "98765" not in str(message.log)


def test_a_message_of_an_unknown_consumer_is_tried_and_kept(seen, in_organization):
    owe({"n": 1})
    registry._consumers.clear()

    deliver_due()

    (message,) = messages()
    assert message.state == "waiting"
    assert TOPIC in message.error


# In whose name, and what commits with what.


def test_a_consumer_works_inside_the_organisation_as_who_published(
    consumed_by, organization, other_organization, actor_for
):
    scopes = []
    consumed_by(lambda delivery: scopes.append(current_scope()))
    actor = actor_for()
    for where in (organization, other_organization):
        with organization_scope(where, actor_id=actor.user.pk, request_id="r-7"):
            owe({})

    deliver_due()

    assert [scope.organization_id for scope in scopes] == [organization.pk, other_organization.pk]
    assert {(scope.system, scope.actor_id, scope.request_id) for scope in scopes} == {
        (False, actor.user.pk, "r-7")
    }


def test_a_message_of_no_organisation_is_delivered_in_nobodys_scope(consumed_by, db):
    scopes = []
    consumed_by(lambda delivery: scopes.append(current_scope()))
    with system_scope():
        owe({})

    deliver_due()

    assert [(scope.organization_id, scope.system) for scope in scopes] == [(None, False)]


def write_a_job(delivery: Delivery) -> None:
    Job.objects.create(kind="test.kind", title=f"made by {delivery.payload['n']}")
    if delivery.payload.get("fail"):
        raise RuntimeError("after the write")


def made() -> list[str]:
    with system_scope():
        return list(Job.objects.order_by("id").values_list("title", flat=True))


def test_what_a_consumer_writes_vanishes_with_its_failure(consumed_by, in_organization):
    consumed_by(write_a_job)
    owe({"n": 1, "fail": True})
    owe({"n": 2}, aggregate="lead:2")

    deliver_due()

    assert made() == ["made by 2"]


def test_what_a_consumer_writes_vanishes_when_its_message_was_taken_over(consumed_by, in_organization):
    def lose_the_lease(delivery: Delivery) -> None:
        write_a_job(delivery)
        with system_scope():
            OutboxMessage.objects.update(token=99)

    consumed_by(lose_the_lease)
    owe({"n": 1})

    deliver_due()

    assert made() == []
    assert states() == ["waiting"]


def test_only_consumers_of_our_own_database_run_in_a_transaction(consumed_by, in_organization):
    depths = {}
    outer = len(connection.savepoint_ids)
    for name, options in (("inside", {}), ("outside", {"external": True})):
        consumed_by(
            lambda delivery, name=name: depths.update({name: len(connection.savepoint_ids) - outer}),
            name=f"test.{name}",
            **options,
        )
    owe({})

    deliver_due()

    assert depths == {"inside": 1, "outside": 0}


def test_a_payload_that_should_not_be_kept_goes_upon_delivery(consumed_by, in_organization):
    seen = consumed_by(Seen(), forgets_payload=True)
    owe({"address": "asha@example.com"})

    deliver_due()

    assert seen[0].payload == {"address": "asha@example.com"}
    assert [message.payload for message in messages()] == [{}]


# Leases.


def test_a_message_in_delivery_is_nobody_elses_until_its_worker_is_lost(seen, in_organization):
    owe({"n": 1}, {"n": 2})
    first = claim_next()
    assert claim_next() is None

    let_time_pass(11)
    second = claim_next()

    assert first is not None
    assert second is not None
    assert (second.id, second.token, second.delivery.attempt) == (first.id, first.token + 1, 2)


def test_who_lost_the_lease_writes_nothing(seen, in_organization):
    owe({"n": 1})
    lost = claim_next()
    let_time_pass(11)
    claim_next()

    assert lost is not None
    assert lost.renew().lost
    for write in (
        lambda: lost.mark_delivered(forget_payload=False),
        lambda: lost.pause(5, "no"),
        lambda: lost.set_aside("no", AfterPoison.GO_ON),
    ):
        with pytest.raises(LeaseLost), transaction.atomic():
            write()
    assert states() == ["waiting"]


def test_a_renewed_lease_outlasts_what_the_lane_was_told(seen, in_organization):
    owe({"n": 1})
    held = claim_next()
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxlane SET due_at = clock_timestamp() - interval '1 second'")
    assert held is not None
    held.renew()

    assert claim_next() is None
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT due_at > clock_timestamp() + interval '5 seconds' FROM core_outboxlane")
        assert cursor.fetchone()[0]


def test_delivery_ends_when_its_time_is_over_or_the_worker_stops(seen, in_organization):
    owe({"n": 1}, {"n": 2})

    assert deliver_due(stop=lambda: True)
    assert not deliver_due(seconds=-1)
    assert seen.numbers == []
    assert deliver_due(seconds=30)
    assert seen.numbers == [1, 2]
