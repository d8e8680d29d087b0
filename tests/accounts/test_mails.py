"""The mails of accounts wait in the outbox: with their change or not at all, and without their secrets."""

import json

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.services import create_user, deactivate_member
from core.models import OutboxMessage
from core.outbox.delivering import deliver_due
from core.scope import organization_scope, system_scope

pytestmark = pytest.mark.django_db
ADDRESS = "new@good.example"


def owed() -> list[OutboxMessage]:
    with system_scope():
        return list(OutboxMessage.objects.order_by("id"))


def invite(actor):
    with organization_scope(actor.organization):
        return create_user(actor=actor, email=ADDRESS, roles=["agent"])


def test_an_invitation_that_is_rolled_back_sends_nothing(actor_for):
    actor = actor_for(Role.ADMIN)
    with pytest.raises(RuntimeError), transaction.atomic():
        invite(actor)
        raise RuntimeError

    deliver_due()

    assert mail.outbox == []
    assert owed() == []


def test_an_invitation_waits_without_address_and_link(actor_for):
    member = invite(actor_for(Role.ADMIN))

    (message,) = owed()
    assert message.payload == {"user": member.user_id}
    deliver_due()
    assert "/password/reset/key/" in mail.outbox[0].body


def test_an_invitation_that_was_withdrawn_before_its_mail_went_sends_none(actor_for):
    actor = actor_for(Role.ADMIN)
    member = invite(actor)
    with organization_scope(actor.organization):
        deactivate_member(actor=actor, membership=member)

    deliver_due()

    assert mail.outbox == []


def test_a_request_for_another_password_stores_no_link_and_is_no_organisations(actor_for):
    person = actor_for(Role.AGENT)

    Client().post("/account/password/reset/", {"email": person.user.email})

    (message,) = owed()
    assert (message.organization_id, message.payload) == (None, {"user": person.user.pk})
    deliver_due()
    assert mail.outbox[0].to == [person.user.email]
    assert "http://127.0.0.1:8000/account/password/reset/key/" in mail.outbox[0].body
    with organization_scope(person.organization):
        assert not OutboxMessage.objects.exists()


def test_the_link_names_the_address_of_the_settings_whatever_host_was_asked(actor_for):
    person = actor_for(Role.AGENT)

    Client().post("/account/password/reset/", {"email": person.user.email}, headers={"host": "localhost"})
    deliver_due()

    assert "http://127.0.0.1:8000/account/" in mail.outbox[0].body


def test_an_unknown_address_is_written_to_and_forgotten(db):
    Client().post("/account/password/reset/", {"email": "nobody@example.com"})
    deliver_due()

    assert [sent.to for sent in mail.outbox] == [["nobody@example.com"]]
    assert "/password/reset/key/" not in mail.outbox[0].body
    (message,) = owed()
    assert "nobody" not in json.dumps([message.payload, message.aggregate, message.log])


def test_an_account_that_was_closed_meanwhile_gets_no_link(actor_for):
    person = actor_for(Role.AGENT)
    Client().post("/account/password/reset/", {"email": person.user.email})
    with system_scope():
        User.objects.filter(pk=person.user.pk).update(is_active=False)

    deliver_due()

    assert mail.outbox == []
