"""The checks of the outbox: they see what must not be, and nothing where all is well."""

import pytest
from django.db import connection

from core.integrity import run_checks
from core.outbox import publish
from core.outbox.delivering import deliver_due
from core.outbox.integrity import check_outbox
from core.scope import system_scope
from tests.core.outbox.conftest import TOPIC

pytestmark = pytest.mark.django_db
FIRST = "id = (SELECT min(id) FROM core_outboxmessage)"


@pytest.fixture
def three(seen, in_organization):
    """Two delivered messages of an aggregate, and one that waits."""
    for number in (1, 2):
        publish(topic=TOPIC, aggregate="lead:1", payload={"n": number})
    deliver_due()
    publish(topic=TOPIC, aggregate="lead:1", payload={"n": 3})


def breaks_after(statement: str) -> list[str]:
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(statement)
        return check_outbox().breaks


def test_nothing_breaks_where_all_is_well(three):
    with system_scope():
        assert (check_outbox().tried, check_outbox().breaks) == (3, [])


def test_it_is_among_the_checks_of_the_command(three):
    assert run_checks([])["core.outbox"].tried == 3


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            f"UPDATE core_outboxmessage SET state = 'waiting', delivered_at = NULL WHERE {FIRST}",
            "comes after a later one",
        ),
        (
            f"UPDATE core_outboxmessage SET delivered_at = now() + interval '1 hour' WHERE {FIRST}",
            "comes after a later one",
        ),
        ("UPDATE core_outboxlane SET due_at = NULL", "is forgotten"),
        ("DELETE FROM core_outboxlane", "is forgotten"),
        (
            "UPDATE core_outboxmessage SET delivered_at = clock_timestamp() WHERE state = 'waiting'",
            "delivered",
        ),
        ("UPDATE core_outboxmessage SET state = 'poisoned' WHERE state = 'waiting'", "set aside"),
        ("UPDATE core_outboxmessage SET lease_until = now() WHERE state = 'delivered'", "lease"),
    ],
)
def test_each_break_is_told(three, statement, told):
    broken = breaks_after(statement)
    assert broken
    assert told in broken[0]


def test_a_message_that_was_set_aside_has_left_the_order(three):
    assert not breaks_after(
        "UPDATE core_outboxmessage SET state = 'poisoned', delivered_at = NULL, poisoned_at = now(),"
        f" error = 'No.' WHERE {FIRST}"
    )
