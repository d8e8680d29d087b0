"""Signing in by the API: password, second step, lock-out, and nothing told to who guesses."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts.models import TokenSession, User
from accounts.roles import Role
from core.scope import system_scope
from tests.accounts.api.conftest import Caller, by_token, codes_of, login, tokens_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def asha(actor_for):
    return actor_for(Role.AGENT, email="asha@example.com")


@pytest.fixture
def two_steps(asha):
    """Asha signs in with two steps; returns her recovery codes."""
    with system_scope():
        TOTP.activate(asha.user, SECRET)
        return RecoveryCodes.activate(asha.user).get_unused_codes()


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))


def test_a_password_opens_a_session_of_tokens(asha):
    response = login(" ASHA@Example.com ")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    tokens = response.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert by_token(tokens["access"]).get("/leads").status_code == 200


def test_the_session_keeps_no_token_and_tells_where_it_began(asha):
    Client().post(
        "/api/v1/auth/login",
        {"email": asha.user.email, "password": PASSWORD},
        content_type="application/json",
        headers={"User-Agent": "Phone\x00 9"},
    )
    with system_scope():
        session = TokenSession.objects.get()
        assert User.objects.get(pk=asha.user.pk).last_login is not None
    assert (session.address, session.device) == ("127.0.0.1", "Phone 9")
    assert "ey" not in "".join(str(value) for value in vars(session).values())


@pytest.mark.parametrize(
    "wrong",
    [{"email": "asha@example.com", "password": "wrong"}, {"email": "no@example.com", "password": "x"}],
)
def test_a_wrong_password_and_an_unknown_address_are_answered_alike(asha, wrong):
    response = Caller().post("/auth/login", wrong)
    assert codes_of(response) == (401, ["invalid_credentials"])
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["errors"][0]["detail"] == "E-mail and password do not belong together."


def test_a_closed_account_is_answered_like_a_wrong_password(asha):
    with system_scope():
        User.objects.filter(pk=asha.user.pk).update(is_active=False)
    assert codes_of(login(asha.user.email)) == (401, ["invalid_credentials"])


@pytest.mark.parametrize("email", ["asha@example.com", "nobody@example.com"])
def test_guessing_is_locked_out_for_known_and_unknown_addresses_alike(asha, email):
    answers = [codes_of(login(email, f"guess {count}")) for count in range(6)]
    assert answers[:5] == [(401, ["invalid_credentials"])] * 5
    assert answers[5] == (429, ["too_many_attempts"])
    refused = login(email)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_tries_on_the_page_and_by_the_api_count_together(asha):
    for count in range(5):
        Client().post("/account/login/", {"login": asha.user.email, "password": f"guess {count}"})
    assert login(asha.user.email).status_code == 429


def test_a_right_password_does_not_count_as_a_failed_try(asha):
    assert [login(asha.user.email).status_code for _ in range(7)] == [200] * 7


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "email"),
        ({"email": "a@example.com"}, "password"),
        ({"email": 5, "password": "x"}, "email"),
        ({"email": "a@example.com", "password": "x" * 1001}, "password"),
        ({"email": "a\x00@example.com", "password": "x"}, "email"),
        ({"email": "a@example.com", "password": "x", "otp": "1"}, "otp"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_by_field(db, body, attr):
    response = Caller().post("/auth/login", body)
    assert response.status_code == 400
    assert attr in [error["attr"] for error in response.json()["errors"]]


def test_a_bad_credential_sent_along_does_not_keep_anybody_from_signing_in(asha):
    assert login(asha.user.email, Authorization="Bearer nonsense").status_code == 200


def test_a_sign_in_is_never_answered_from_what_was_kept(asha):
    access = tokens_of(asha)["access"]
    headers = {"Authorization": f"Bearer {access}", "Idempotency-Key": "once"}
    first, second = (login(asha.user.email, **headers).json()["refresh"] for _ in range(2))
    assert first != second


# Two steps


def test_a_password_alone_does_not_let_in_who_signs_in_with_two_steps(asha, two_steps):
    response = login(asha.user.email)
    assert codes_of(response) == (401, ["mfa_required"])
    assert set(response.json()) == {"type", "errors", "request_id", "ticket", "expires_in"}
    with system_scope():
        assert not TokenSession.objects.exists()


def test_who_guesses_the_password_does_not_learn_of_the_second_step(asha, two_steps):
    assert codes_of(login(asha.user.email, "wrong")) == (401, ["invalid_credentials"])


def complete(ticket: str, code: str):
    return Caller().post("/auth/mfa", {"ticket": ticket, "code": code})


def test_a_code_of_the_app_completes_the_sign_in_and_serves_once(asha, two_steps):
    ticket, code = login(asha.user.email).json()["ticket"], code_now()
    tokens = complete(ticket, code)
    assert tokens.status_code == 200
    assert by_token(tokens.json()["access"]).get("/leads").status_code == 200
    assert codes_of(complete(ticket, code)) == (401, ["invalid_code"])
    with system_scope():
        assert Authenticator.objects.get(type="totp").last_used_at is not None


def test_a_recovery_code_completes_the_sign_in_and_serves_once(asha, two_steps):
    ticket = login(asha.user.email).json()["ticket"]
    assert complete(ticket, two_steps[3]).status_code == 200
    assert codes_of(complete(ticket, two_steps[3])) == (401, ["invalid_code"])
    assert complete(ticket, two_steps[4]).status_code == 200


def test_codes_are_not_guessed(asha, two_steps):
    ticket = login(asha.user.email).json()["ticket"]
    answers = [codes_of(complete(ticket, f"{count:06}"))[0] for count in range(6)]
    assert answers == [401] * 5 + [429]
    assert complete(ticket, code_now()).status_code == 429


def test_a_ticket_is_no_token_and_no_token_a_ticket(asha, two_steps):
    ticket = login(asha.user.email).json()["ticket"]
    assert by_token(ticket).get("/leads").status_code == 401
    assert codes_of(Caller().post("/auth/refresh", {"refresh": ticket})) == (401, ["invalid_token"])
    assert codes_of(complete("nonsense", code_now())) == (401, ["invalid_ticket"])
    assert codes_of(complete(ticket[:-2], code_now())) == (401, ["invalid_ticket"])


def test_a_ticket_ends_after_minutes_and_with_the_password(asha, two_steps, time_machine):
    time_machine.move_to("2026-11-21T10:00:00Z")
    first, second = (login(asha.user.email).json()["ticket"] for _ in range(2))
    with system_scope():
        user = User.objects.get(pk=asha.user.pk)
        user.set_password("another long phrase")
        user.save()
    assert codes_of(complete(first, code_now())) == (401, ["invalid_ticket"])
    time_machine.move_to("2026-11-21T10:06:00Z")
    assert codes_of(complete(second, code_now())) == (401, ["invalid_ticket"])


def test_who_has_not_two_steps_gets_tokens_at_once(asha):
    assert set(tokens_of(asha)) == {"access", "refresh", "token_type", "expires_in", "refresh_expires_in"}
