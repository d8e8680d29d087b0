"""Mails by a real server: one that is down and comes back, one that refuses, one that takes a mail twice."""

from collections.abc import Iterator
from email.message import Message

import pytest
from django.db import connection

from core.outbox import Delivery, registry
from core.outbox.delivering import deliver_due
from core.outbox.lanes import Claim
from core.outbox.mail import Mail, mail, send_mail_later
from core.scope import system_scope
from tests.core.outbox.conftest import let_time_pass, messages, states
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db
TOPIC = "test.letter"


@pytest.fixture
def server(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that is up, and a mail that is sent to whom its message names."""
    monkeypatch.setattr(registry, "_consumers", {})
    monkeypatch.setattr(registry, "_discover", lambda: None)

    @mail(TOPIC)
    def letter(delivery: Delivery) -> Mail | None:
        name = delivery.payload["to"]
        return Mail(f"{name}@example.com", f"Dear {name}", "Grüße\n") if name else None

    with MailServer() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 5
        running.start()
        yield running


def write_to(*names: str) -> None:
    for name in names:
        send_mail_later(topic=TOPIC, aggregate=f"user:{name}", payload={"to": name})


def test_a_mail_is_sent_with_an_id_that_is_its_messages(server, in_organization, settings):
    settings.DEFAULT_FROM_EMAIL = "Us <no-reply@leads.example>"
    write_to("asha")

    deliver_due()

    (sent,), (message,) = server.received, messages()
    assert sent["Message-ID"] == f"<{message.message_id}@leads.example>"
    assert (sent["Subject"], sent["Auto-Submitted"]) == ("Dear asha", "auto-generated")
    assert sent.get_payload(decode=True).decode() == "Grüße\r\n"
    assert states() == ["delivered"]


def test_what_a_server_that_is_down_could_not_take_is_sent_when_it_is_up(server, in_organization):
    server.stop()
    write_to("asha", "ravi")
    deliver_due()
    assert states() == ["waiting"] * 2
    assert "ConnectionRefusedError" in messages()[0].error

    server.start()
    let_time_pass()
    deliver_due()

    assert sorted(server.recipients) == ["asha@example.com", "ravi@example.com"]
    assert states() == ["delivered"] * 2


def test_a_recipient_who_is_refused_for_good_is_set_aside_with_the_servers_words(server, in_organization):
    server.refusals["asha@example.com"] = "550 5.1.1 <asha@example.com>: no such user"
    write_to("asha", "ravi")

    deliver_due()

    refused, sent = messages()
    assert (refused.state, refused.attempts, sent.state) == ("poisoned", 1, "delivered")
    assert refused.error == "The mail server refuses it: 550 5.1.1 <•••>: no such user"
    assert server.recipients == ["ravi@example.com"]


def test_a_recipient_who_is_refused_for_now_is_tried_again(server, in_organization):
    server.refusals["asha@example.com"] = "451 4.7.1 Greylisted, come back later"
    write_to("asha")
    deliver_due()
    assert "Greylisted" in messages()[0].error

    server.refusals.clear()
    let_time_pass()
    deliver_due()

    assert (states(), server.recipients) == (["delivered"], ["asha@example.com"])


def test_a_text_that_is_refused_for_good_is_set_aside(server, in_organization):
    server.before_accepting = lambda message: "554 5.7.1 Looks like spam"
    write_to("asha")

    deliver_due()

    assert (states(), messages()[0].error) == (
        ["poisoned"],
        "The mail server refuses it: 554 5.7.1 Looks like spam",
    )


def test_a_server_that_hangs_up_amid_the_mail_is_tried_again(server, in_organization):
    def hang_up(message: Message) -> str:
        return "421 4.3.0 Shutting down"

    server.before_accepting = hang_up
    write_to("asha")

    deliver_due()

    assert states() == ["waiting"]


def test_a_mail_whose_delivery_could_not_be_noted_is_sent_again_as_the_same(
    server, in_organization, monkeypatch
):
    """The worker dies between the server's yes and the mark: at least once, and told apart by its id."""
    write_to("asha")
    with monkeypatch.context() as dying, pytest.raises(SystemExit):
        dying.setattr(Claim, "mark_delivered", lambda claim, **options: exit_now())
        deliver_due()
    let_time_pass(11)

    deliver_due()

    assert len(server.received) == 2
    assert len({sent["Message-ID"] for sent in server.received}) == 1
    assert states() == ["delivered"]


def exit_now() -> None:
    raise SystemExit


def test_a_mail_that_need_not_be_sent_any_more_is_done(server, in_organization):
    write_to("")

    deliver_due()

    assert (states(), server.received) == (["delivered"], [])


def test_no_transaction_is_open_while_the_server_is_talked_to(server, in_organization):
    """A slow server would hold locks and keep the database from cleaning up."""
    depth = len(connection.savepoint_ids)
    depths = []
    registry._consumers.clear()

    @mail(TOPIC)
    def letter(delivery: Delivery) -> Mail:
        depths.append(len(connection.savepoint_ids) - depth)
        return Mail("asha@example.com", "Dear", "")

    with system_scope():
        send_mail_later(topic=TOPIC, aggregate="user:1", payload={})
    deliver_due()

    assert depths == [0]
