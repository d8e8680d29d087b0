"""The order of an aggregate's messages, whatever workers do: any sequence of claims, ends, losses and decisions."""

from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.actor import Actor
from core.jobs.errors import LeaseLost
from core.models import OutboxMessage
from core.outbox import AfterPoison, publish, registry
from core.outbox.integrity import check_outbox
from core.outbox.lanes import Claim, claim_next
from core.scope import organization_scope, system_scope
from core.services.outbox import discard_message, retry_message
from tests.core.outbox.conftest import TOPIC, let_time_pass

pytestmark = pytest.mark.django_db
AGGREGATES = st.sampled_from(["lead:1", "lead:2"])
LEASE_SECONDS = 11


@dataclass
class Known:
    """What must be true of a message, by what was done to it."""

    number: int
    delivered: bool = False
    ever_aside: bool = False
    aside: bool = False
    discarded: bool = False


@dataclass
class Worker:
    """A worker that holds a claim. One that is late may lose it; one that has lost it goes on regardless."""

    claim: Claim
    late: bool = False
    lost: bool = False


@dataclass
class World:
    """One organisation and what its lanes should look like."""

    actor: Actor
    policy: AfterPoison
    lanes: dict[str, list[Known]] = field(default_factory=dict)

    def known(self, claim: Claim) -> Known:
        numbers = {known.number: known for known in self.lanes[claim.delivery.aggregate]}
        return numbers[claim.delivery.payload["n"]]


def machine_of(actor: Actor, policy: AfterPoison) -> type[RuleBasedStateMachine]:
    """Return the machine of lanes in the actor's organisation; nothing of an example stays."""

    class Lanes(RuleBasedStateMachine):
        @initialize()
        def begin(self) -> None:
            self.undone = transaction.atomic()
            self.undone.__enter__()
            self.world = World(actor, policy)
            self.workers: list[Worker] = []
            self.next = 0

        def teardown(self) -> None:
            if hasattr(self, "undone"):
                transaction.set_rollback(True)
                self.undone.__exit__(None, None, None)

        @rule(aggregate=AGGREGATES, count=st.integers(1, 3))
        def publish(self, aggregate: str, count: int) -> None:
            for _ in range(count):
                self.next += 1
                with organization_scope(actor.organization):
                    publish(topic=TOPIC, aggregate=aggregate, payload={"n": self.next})
                self.world.lanes.setdefault(aggregate, []).append(Known(self.next))

        @rule()
        def claim(self) -> None:
            claim = claim_next()
            if claim is None:
                return
            known = self.world.known(claim)
            assert not (known.delivered or known.aside or known.discarded)
            alive = [other for other in self.workers if not other.late]
            assert claim.lane_id not in {other.claim.lane_id for other in alive}, "two at once in a lane"
            lane = self.world.lanes[claim.delivery.aggregate]
            for earlier in lane[: lane.index(known)]:
                waits = not (earlier.delivered or earlier.aside or earlier.discarded)
                assert not waits, "a later message before an earlier one"
            if policy is AfterPoison.WAIT:
                assert not any(other.aside for other in lane)
            for other in self.workers:
                other.lost = other.lost or other.claim.id == claim.id
            self.workers.append(Worker(claim))

        @precondition(lambda self: self.workers)
        @rule(number=st.integers(0, 9), outcome=st.sampled_from(["deliver", "deliver", "fail", "poison"]))
        def finish(self, number: int, outcome: str) -> None:
            worker = self.workers.pop(number % len(self.workers))
            try:
                with transaction.atomic():
                    self.end(worker.claim, outcome)
            except LeaseLost:
                assert worker.late
                return
            assert not worker.lost, "an outcome of a worker that was replaced"
            known = self.world.known(worker.claim)
            known.delivered = outcome == "deliver"
            known.aside = outcome == "poison"
            known.ever_aside = known.ever_aside or known.aside

        def end(self, claim: Claim, outcome: str) -> None:
            if outcome == "deliver":
                claim.mark_delivered(forget_payload=False)
                claim.settle_lane()
            elif outcome == "fail":
                claim.pause(30, "It fails.")
            else:
                claim.set_aside("It is poison.", policy)

        @rule(seconds=st.sampled_from([1, LEASE_SECONDS, 40]))
        def wait(self, seconds: int) -> None:
            let_time_pass(seconds)
            for worker in self.workers:
                worker.late = worker.late or seconds >= LEASE_SECONDS

        @rule()
        def beat(self) -> None:
            for worker in self.workers:
                worker.late = worker.claim.renew().lost
                assert worker.late or not worker.lost

        @precondition(lambda self: any(known.aside for lane in self.world.lanes.values() for known in lane))
        @rule(number=st.integers(0, 9), again=st.booleans())
        def decide(self, number: int, again: bool) -> None:
            aside = [known for lane in self.world.lanes.values() for known in lane if known.aside]
            known = aside[number % len(aside)]
            with organization_scope(actor.organization):
                row = OutboxMessage.objects.get(payload__n=known.number)
                if again:
                    retry_message(actor=actor, message_id=row.pk)
                else:
                    discard_message(actor=actor, message_id=row.pk, reason="Not needed.")
            known.aside, known.discarded = False, not again

        @invariant()
        def nothing_breaks(self) -> None:
            if hasattr(self, "undone"):
                with system_scope():
                    assert check_outbox().breaks == []

        @invariant()
        def nothing_is_lost(self) -> None:
            """Once time has passed, every lane that holds something has a worker or is due, or it is stopped."""
            with system_scope(), connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM core_outboxlane WHERE stopped AND due_at IS NOT NULL")
                assert cursor.fetchone()[0] == 0

    return Lanes


@pytest.mark.parametrize("policy", list(AfterPoison))
def test_whatever_happens_each_lane_keeps_its_order(actor_for, monkeypatch, policy):
    monkeypatch.setattr(registry, "_consumers", {})
    monkeypatch.setattr(registry, "_discover", lambda: None)
    registry.consumer(TOPIC, after_poison=policy)(lambda delivery: None)

    run_state_machine_as_test(
        machine_of(actor_for("operations"), policy),
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
