"""Outgoing messages and the removal of what is old, in the console."""

import pytest
from django.utils import timezone

from accounts.roles import Role
from core.models import OutboxMessage, PurgeRecord
from core.outbox import publish
from core.outbox.delivering import deliver_due
from tests.console.pages import Console
from tests.core.outbox.conftest import TOPIC, Seen, consumed_by, messages, states  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]


@pytest.fixture
def console(actor_for, client_for):
    return Console(client_for(actor_for(Role.OPERATIONS)))


@pytest.fixture
def poisoned(consumed_by, in_organization) -> list[OutboxMessage]:  # noqa: F811
    seen = consumed_by(Seen(), tries=1)
    for number in (1, 2):
        publish(topic=TOPIC, aggregate=f"lead:{number}", payload={"n": number, "fail": True})
    deliver_due()
    seen.failing = False
    return messages()


def queue_of(console: Console):
    queues = console.client.get("/console/").context["queues"]
    return next(queue for queue in queues if "delivered" in str(queue.title))


def test_the_overview_counts_what_was_set_aside_and_leads_to_it(console, poisoned):
    queue = queue_of(console)

    assert (queue.count, [item.title for item in queue.items]) == (
        2,
        [f"{TOPIC} · lead:1", f"{TOPIC} · lead:2"],
    )
    assert "lead:2" in console.client.get(queue.link).text
    page = console.client.get(queue.items[0].link).text
    assert "The partner says no." in page
    assert "&quot;n&quot;: 1" in page
    assert "Attempt 1" in page


def test_a_message_is_tried_again(console, poisoned):
    assert console.act("core_outboxmessage_retry", poisoned[0].pk).status_code == 302
    deliver_due()

    assert states() == ["delivered", "poisoned"]


def test_a_message_is_discarded_with_a_reason_and_not_without(console, poisoned):
    refused = console.act("core_outboxmessage_discard", poisoned[0].pk, reason=" ")
    assert refused.status_code == 200
    assert "This field is required." in refused.text
    assert states() == ["poisoned", "poisoned"]

    done = console.act("core_outboxmessage_discard", poisoned[0].pk, reason="The partner has closed.")

    assert done.status_code == 302
    assert states() == ["discarded", "poisoned"]
    assert "The partner has closed." in console.client.get(done.url).text


def test_the_chosen_are_tried_again_together(console, poisoned):
    chosen = {"action": "retry_chosen", "_selected_action": [message.pk for message in poisoned]}
    console.client.post("/console/core/outboxmessage/", chosen)
    deliver_due()

    assert states() == ["delivered", "delivered"]


def test_the_list_tells_what_is_kept_and_what_went(console):
    PurgeRecord.objects.create(
        purge="core.jobs", started_at=timezone.now(), finished_at=timezone.now(), rows=12345
    )
    PurgeRecord.objects.create(purge="core.sessions", started_at=timezone.now(), error="It failed.")

    page = console.client.get("/console/core/purgerecord/").text

    assert "Finished tasks and their logs" in page
    assert "90 days" in page
    assert "12,345" in page
    assert "Failed" in page
