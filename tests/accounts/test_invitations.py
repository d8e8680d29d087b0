"""Invitations by mail: who gets a link to choose a password, and that nobody holds another's account."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.actor import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.services import create_user
from core.errors import ValidationFailed
from core.outbox.delivering import deliver_due
from core.scope import organization_scope, system_scope
from tests.accounts.test_sign_in import is_signed_in, sign_in
from tests.factories import PASSWORD, make_actor

pytestmark = pytest.mark.django_db
ADDRESS = "boss@good.example"
CHOSEN = "a phrase of my own"


@pytest.fixture
def invite(django_capture_on_commit_callbacks):
    def make(actor, **values):
        with organization_scope(actor.organization), django_capture_on_commit_callbacks(execute=True):
            made = create_user(**{"actor": actor, "email": ADDRESS, "roles": ["agent"], **values})
        deliver_due()
        return made

    return make


def user() -> User:
    with system_scope():
        return User.objects.get(email=ADDRESS)


def choose_password(client: Client, message: mail.EmailMessage) -> None:
    link = re.search(r"http://127\.0\.0\.1:8000(/account/password/reset/key/\S+)", message.body).group(1)
    where = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(where, {"password1": CHOSEN, "password2": CHOSEN})


def test_a_person_never_gives_another_a_password(actor_for, invite):
    with pytest.raises(ValidationFailed) as refusal:
        invite(actor_for(Role.ADMIN), password="attacker knows 1")
    assert [problem.code for problem in refusal.value.fields["password"]] == ["not_allowed"]
    assert not mail.outbox
    with system_scope():
        assert not User.objects.filter(email=ADDRESS).exists()


def test_who_is_new_chooses_a_password_by_the_link_of_the_mail(actor_for, invite, organization):
    invite(actor_for(Role.ADMIN))
    assert not user().has_usable_password()
    (message,) = mail.outbox
    assert message.to == [ADDRESS]
    assert message.subject == "Acme Loans invites you to LeadLedger"
    choose_password(Client(), message)
    client = Client()
    sign_in(client, ADDRESS, CHOSEN)
    assert is_signed_in(client)


def test_the_link_serves_once(actor_for, invite):
    invite(actor_for(Role.ADMIN))
    choose_password(Client(), mail.outbox[0])
    before = user().password
    link = re.search(r"/account/password/reset/key/\S+", mail.outbox[0].body).group()
    again = Client().get(link, follow=True)
    assert not again.redirect_chain
    assert user().password == before


def test_an_account_that_is_there_keeps_its_password_and_gets_no_link(
    organization, other_organization, invite
):
    make_actor(other_organization, Role.AGENT, email=ADDRESS)
    invite(make_actor(organization, Role.ADMIN))
    assert user().check_password(PASSWORD)
    (message,) = mail.outbox
    assert "/password/reset/" not in message.body
    assert "/account/login/" in message.body


def test_an_invited_account_without_a_password_gets_a_link_from_the_next_organisation_too(
    organization, other_organization, invite
):
    invite(make_actor(other_organization, Role.ADMIN))
    invite(make_actor(organization, Role.ADMIN), roles=["admin"])
    assert not user().has_usable_password()
    assert all("/password/reset/" in message.body for message in mail.outbox)
    assert len(mail.outbox) == 2


def test_the_system_sends_no_mail(organization, invite):
    invite(Actor.system(organization), password=PASSWORD)
    assert not mail.outbox


def test_a_mail_that_cannot_be_sent_takes_nothing_back(actor_for, invite, settings):
    settings.EMAIL_BACKEND = "nowhere.Backend"
    assert invite(actor_for(Role.ADMIN)).pk


def test_the_console_asks_for_no_password_and_says_that_a_link_is_sent(
    actor_for, client_for, django_capture_on_commit_callbacks
):
    client = client_for(actor_for(Role.ADMIN))
    page = client.get("/console/accounts/membership/add/").content.decode()
    assert 'name="password"' not in page
    assert "A link to choose a password is sent there." in page
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            "/console/accounts/membership/add/", {"email": ADDRESS, "roles": ["agent"], "password": PASSWORD}
        )
    assert not user().has_usable_password()
    deliver_due()
    assert [message.to for message in mail.outbox] == [[ADDRESS]]
