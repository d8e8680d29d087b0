"""Signing in and out, resetting a password, being locked out: django-allauth behind our walls."""

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from core.outbox.delivering import deliver_due
from core.scope import system_scope
from tests.caching import forget_everything
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_failures_yet():
    forget_everything()
    yield
    forget_everything()


@pytest.fixture
def no_redis(settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}}


@pytest.fixture
def asha(actor_for):
    return actor_for(Role.AGENT, email="asha@example.com")


def sign_in(client, email="asha@example.com", password=PASSWORD):
    return client.post("/account/login/", {"login": email, "password": password})


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def test_a_member_signs_in_with_the_address_in_any_case_and_out(asha, client):
    assert sign_in(client, " ASHA@Example.com ").status_code == 302
    assert is_signed_in(client)
    client.post("/account/logout/")
    assert not is_signed_in(client)


def test_the_password_decides(asha, client):
    response = sign_in(client, password="wrong")
    assert response.status_code == 200
    assert not is_signed_in(client)


def test_a_closed_account_does_not_sign_in(asha, client):
    with system_scope():
        User.objects.filter(pk=asha.user.pk).update(is_active=False)
    sign_in(client)
    assert not is_signed_in(client)


def without_tokens(html: str) -> str:
    return re.sub(r'value="[^"]*"|X-CSRFToken": "[^"]*"', "", html)


def test_a_wrong_password_and_an_unknown_address_look_alike(asha):
    known, unknown = Client(), Client()
    first = sign_in(known, password="wrong")
    second = sign_in(unknown, "nobody@example.com", "wrong")
    assert first.status_code == second.status_code
    assert without_tokens(first.text) == without_tokens(second.text)


def test_a_reset_looks_the_same_for_an_unknown_address(asha):
    answers = [
        Client().post("/account/password/reset/", {"email": email}, follow=True)
        for email in ("asha@example.com", "nobody@example.com")
    ]
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert without_tokens(answers[0].text) == without_tokens(answers[1].text)


def test_a_forgotten_password_is_reset_by_mail(asha, client):
    client.post("/account/password/reset/", {"email": "asha@example.com"})
    deliver_due()
    link = re.search(r"/account/password/reset/key/\S+", mail.outbox[0].body).group()
    form = client.get(link, follow=True)
    where = form.redirect_chain[-1][0]
    weak = client.post(where, {"password1": "short", "password2": "short"})
    assert weak.status_code == 200
    client.post(where, {"password1": "a new long phrase", "password2": "a new long phrase"})
    client.post("/account/logout/")
    fresh = Client()
    sign_in(fresh, password="a new long phrase")
    assert is_signed_in(fresh)
    assert not is_signed_in(Client(headers={"cookie": ""}))


def test_nobody_signs_up_alone(client):
    client.post(
        "/account/signup/",
        {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD},
        follow=True,
    )
    with system_scope():
        assert not User.objects.filter(email="new@example.com").exists()


def test_guessing_is_locked_out_for_known_and_unknown_addresses_alike(asha):
    for email in ("asha@example.com", "nobody@example.com"):
        client = Client()
        answers = [sign_in(client, email, f"guess {count}") for count in range(6)]
        assert "Too many failed" in answers[-1].text
        sign_in(client, email)
        assert not is_signed_in(client)


def test_guessing_is_locked_out_without_redis_too(asha, no_redis):
    client = Client()
    answers = [sign_in(client, password=f"guess {count}") for count in range(6)]
    assert "Too many failed" not in answers[-2].text
    assert "Too many failed" in answers[-1].text
    sign_in(client)
    assert not is_signed_in(client)


def test_signing_in_works_without_redis(asha, client, no_redis):
    assert sign_in(client, password="wrong").status_code == 200
    assert sign_in(client).status_code == 302
    assert is_signed_in(client)


def test_a_reset_works_without_redis(asha, client, no_redis):
    client.post("/account/password/reset/", {"email": "asha@example.com"})
    deliver_due()
    assert len(mail.outbox) == 1


def test_signing_in_leaves_the_password_out_of_history(asha):
    with system_scope():
        names = {field.name for field in User.history.model._meta.fields}
    assert not {"password", "last_login"} & names


def test_the_session_ends_everywhere_when_the_password_changes(asha, client_for):
    here, elsewhere = client_for(asha), client_for(asha)
    sign_in(here)
    here.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "a new long phrase", "password2": "a new long phrase"},
    )
    assert not is_signed_in(elsewhere)


def test_nobody_takes_an_address_without_proof(asha, client_for):
    client = client_for(asha)
    claim = client.post("/account/email/", {"action_add": "", "email": "ceo@example.com"})
    primary = client.post("/account/email/", {"action_primary": "", "email": "ceo@example.com"})
    assert (claim.status_code, primary.status_code) == (404, 404)
    with system_scope():
        assert User.objects.get(pk=asha.user.pk).email == "asha@example.com"


@pytest.mark.parametrize(
    "address", ["login/", "password/reset/", "password/reset/done/", "signup/", "inactive/"]
)
def test_pages_for_visitors_answer(client, address):
    assert client.get(f"/account/{address}").status_code == 200


@pytest.mark.parametrize("address", ["logout/", "password/change/", "2fa/"])
def test_pages_for_members_answer(asha, client_for, address):
    client = client_for(asha)
    assert client.get(f"/account/{address}", follow=True).status_code == 200
