"""Access and refresh tokens: what they open, when they end, and what happens to a copy."""

import base64
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import TokenSession, User
from accounts.roles import Role
from accounts.services import deactivate_member
from core.models import Organization
from core.scope import Scope, entered, organization_scope, system_scope
from leads.models import Source
from tests.accounts.api.conftest import Caller, by_token, codes_of, tokens_of
from tests.factories import make_actor
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = pytest.mark.django_db
ENDED = (401, ["invalid_token"])


@pytest.fixture
def asha(actor_for):
    return actor_for(Role.OPERATIONS, email="asha@example.com")


@pytest.fixture
def clock(time_machine):
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    return time_machine


def refresh(token: str):
    return Caller().post("/auth/refresh", {"refresh": token})


def refreshed(token: str) -> dict:
    response = refresh(token)
    assert response.status_code == 200, response.content
    return response.json()


def lets_in(access: str) -> bool:
    status = by_token(access).get("/leads").status_code
    assert status in (200, 401)
    return status == 200


# Calling


def test_a_token_needs_no_csrf_token_and_leaves_no_cookie(asha):
    client = Client(enforce_csrf_checks=True)
    caller = Caller(f"Bearer {tokens_of(asha)['access']}", client=client)
    assert codes_of(caller.post("/leads", {}))[0] == 400
    assert not client.cookies


def test_a_session_still_needs_one(asha, client_for):
    caller = Caller(client=client_for(asha, enforce_csrf_checks=True))
    assert codes_of(caller.post("/leads", {})) == (403, ["permission_denied"])


def test_the_token_counts_and_not_the_session_beside_it(asha, actor_for, client_for):
    other = client_for(actor_for(Role.PARTNER))
    access = tokens_of(asha)["access"]
    assert Caller(f"Bearer {access}", client=other).get("/leads").status_code == 200
    assert codes_of(Caller("Bearer nonsense", client=other).get("/leads")) == ENDED


def test_the_scheme_is_read_in_any_case_and_others_are_left_to_others(asha, client_for):
    access = tokens_of(asha)["access"]
    assert Caller(f"bearer   {access}").get("/leads").status_code == 200
    assert Caller("Basic dTpw", client=client_for(asha)).get("/leads").status_code == 200
    assert Caller("Basic dTpw").get("/leads").status_code == 401


def test_pages_take_no_token(asha):
    headers = {"Authorization": f"Bearer {tokens_of(asha)['access']}"}
    assert Client().get("/profile/", headers=headers).status_code == 302
    assert Client().get("/api/schema/", headers=headers).status_code == 200


def test_history_names_who_called(asha, token_for):
    with organization_scope(asha.organization):
        make_line(asha, ONE_OF_EACH)
    lead = {"line": "loan", "data": {"full_name": "A"}, "source": "Fair"}
    assert token_for(asha).post("/leads", lead).status_code == 201
    with organization_scope(asha.organization):
        assert Source.history.get().history_user_id == asha.user.pk


# What is no token


def forged(claims: dict, key: str = "", algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key or "x" * 64, algorithm=algorithm)


def test_what_others_sign_opens_nothing(asha):
    access = tokens_of(asha)["access"]
    claims = jwt.decode(access, options={"verify_signature": False})
    header, payload, signature = access.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    other = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "1"}).encode()).rstrip(b"=").decode()
    for token in (
        forged(claims),
        forged(claims, settings.SECRET_KEY),
        f"{unsigned}.{payload}.",
        f"{unsigned}.{payload}.{signature}",
        f"{header}.{other}.{signature}",
        f"{header}.{payload}",
        access[:-3],
        "",
        "é",
        "x" * 5000,
        "a.b.c",
    ):
        assert codes_of(by_token(token).get("/leads")) == ENDED, token


def test_an_access_token_does_not_refresh_and_a_refresh_token_does_not_call(asha):
    tokens = tokens_of(asha)
    assert codes_of(refresh(tokens["access"])) == ENDED
    assert codes_of(by_token(tokens["refresh"]).get("/leads")) == ENDED


def test_a_token_tells_who_and_nothing_else(asha):
    for token in (tokens_of(asha)["access"], tokens_of(asha)["refresh"]):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert set(claims) <= {"sub", "sid", "gen", "exp", "iat", "jti", "iss", "token_type"}


# When they end


def test_an_access_token_serves_fifteen_minutes(asha, clock):
    access = tokens_of(asha)["access"]
    clock.shift(dt.timedelta(minutes=14, seconds=59))
    assert lets_in(access)
    clock.shift(dt.timedelta(seconds=1))
    assert codes_of(by_token(access).get("/leads")) == (401, ["token_expired"])


def test_a_session_goes_on_as_long_as_it_is_used(asha, clock):
    token = tokens_of(asha)["refresh"]
    for _week in range(4):
        clock.shift(dt.timedelta(days=7))
        token = refreshed(token)["refresh"]
    clock.shift(dt.timedelta(days=14))
    assert codes_of(refresh(token)) == (401, ["token_expired"])


def test_signing_out_ends_the_session_at_once_and_no_other(asha):
    here, elsewhere = tokens_of(asha), tokens_of(asha)
    assert by_token(here["access"]).post("/auth/logout").status_code == 204
    assert not lets_in(here["access"])
    assert codes_of(refresh(here["refresh"])) == ENDED
    assert codes_of(by_token(here["access"]).post("/auth/logout")) == ENDED
    assert lets_in(elsewhere["access"])


def test_a_closed_account_is_out_at_once(asha):
    tokens = tokens_of(asha)
    with system_scope():
        User.objects.filter(pk=asha.user.pk).update(is_active=False)
    assert not lets_in(tokens["access"])
    assert codes_of(refresh(tokens["refresh"])) == ENDED


def test_a_changed_password_ends_every_session_at_once(asha):
    tokens = tokens_of(asha)
    with system_scope():
        user = User.objects.get(pk=asha.user.pk)
        user.set_password("another long phrase")
        user.save()
    assert not lets_in(tokens["access"])
    assert codes_of(refresh(tokens["refresh"])) == ENDED


def test_an_ended_membership_is_out_at_once(asha, actor_for):
    tokens = tokens_of(asha)
    deactivate_member(actor=actor_for(Role.ADMIN), membership=asha.membership)
    assert codes_of(by_token(tokens["access"]).get("/leads")) == (403, ["permission_denied"])
    # The person is still one, with a password: what has ended is the place in the organisation.
    assert refresh(tokens["refresh"]).status_code == 200


def test_an_ended_membership_does_not_keep_a_revoked_session_alive(asha, actor_for):
    tokens = tokens_of(asha)
    deactivate_member(actor=actor_for(Role.ADMIN), membership=asha.membership)
    with system_scope():
        TokenSession.objects.update(revoked_at=dt.datetime.now(dt.UTC))
    assert codes_of(by_token(tokens["access"]).get("/leads")) == ENDED


# Rotation


def test_a_refresh_gives_new_tokens_that_serve(asha):
    first = tokens_of(asha)
    second = refreshed(first["refresh"])
    assert second["refresh"] != first["refresh"]
    assert lets_in(second["access"])
    assert lets_in(first["access"])
    assert lets_in(refreshed(second["refresh"])["access"])


def test_a_lost_answer_is_asked_for_again(asha, clock):
    first = tokens_of(asha)["refresh"]
    refreshed(first)  # never arrived
    clock.shift(dt.timedelta(seconds=9))
    again = refreshed(first)
    clock.shift(dt.timedelta(days=1))
    assert lets_in(refreshed(again["refresh"])["access"])


def test_each_token_has_its_own_grace(asha, clock):
    first = tokens_of(asha)["refresh"]
    third = refreshed(refreshed(first)["refresh"])["refresh"]
    clock.shift(dt.timedelta(seconds=10))
    assert refresh(first).status_code == 200
    assert refresh(third).status_code == 200


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_copy_that_is_used_later_ends_the_whole_session(asha, clock, behind):
    elsewhere = tokens_of(asha)
    tokens = [tokens_of(asha)]
    for _turn in range(behind):
        tokens.append(refreshed(tokens[-1]["refresh"]))
    clock.shift(dt.timedelta(seconds=10, microseconds=1))
    assert codes_of(refresh(tokens[0]["refresh"])) == (401, ["token_reused"])
    assert not any(lets_in(each["access"]) for each in tokens)
    assert codes_of(refresh(tokens[-1]["refresh"])) == ENDED
    assert lets_in(elsewhere["access"])
    with system_scope():
        assert set(TokenSession.objects.values_list("revoked_because", flat=True)) == {"", "reused"}


def test_the_grace_keeps_no_more_than_it_needs(asha, clock):
    token = tokens_of(asha)["refresh"]
    for _turn in range(5):
        token = refreshed(token)["refresh"]
        clock.shift(dt.timedelta(seconds=6))
    with system_scope():
        assert len(TokenSession.objects.get().replaced_at) == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_refreshes_all_get_tokens_that_serve(organization):
    actor = make_actor(organization, Role.AGENT)
    token = tokens_of(actor)["refresh"]

    def one(_number: int) -> dict:
        try:
            with entered(Scope()):
                return refreshed(token)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert all(lets_in(answer["access"]) for answer in answers)
    # One of them moved the session on; whichever answer a client keeps, it goes on.
    with system_scope():
        assert TokenSession.objects.get().generation == 2
    assert all(lets_in(refreshed(answer["refresh"])["access"]) for answer in answers)


# The organisation


@pytest.fixture
def two_places(asha, other_organization):
    return make_actor(other_organization, Role.AUDITOR, email=asha.user.email, password=None)


def test_who_belongs_to_several_names_one(asha, two_places):
    access = tokens_of(asha)["access"]
    assert codes_of(by_token(access).get("/leads")) == (400, ["tenant_required"])
    here, there = (by_token(access, tenant=slug) for slug in ("acme", "rival"))
    assert codes_of(here.post("/leads", {}))[0] == 400
    assert codes_of(there.post("/leads", {})) == (403, ["permission_denied"])


def test_an_organisation_of_others_is_refused_and_not_told_from_none(asha, other_organization):
    access = tokens_of(asha)["access"]
    answers = [by_token(access, tenant=slug).get("/leads") for slug in ("rival", "nowhere", "\x00é")]
    assert {response.status_code for response in answers} == {403}
    assert len({response.json()["errors"][0]["detail"] for response in answers}) == 1


def test_a_header_may_be_required_of_everybody(asha, client_for, settings):
    settings.REQUIRE_TENANT_HEADER = True
    access = tokens_of(asha)["access"]
    for caller in (by_token(access), Caller(client=client_for(asha))):
        assert codes_of(caller.get("/leads")) == (400, ["tenant_required"])
        assert caller.get("/leads", **{"X-Tenant-ID": "acme"}).status_code == 200
    assert Client().get("/api/v1/leads").status_code == 401


def test_a_closed_organisation_is_out_at_once(asha):
    access = tokens_of(asha)["access"]
    with system_scope():
        Organization.objects.filter(slug="acme").update(is_active=False)
    assert codes_of(by_token(access).get("/leads")) == (403, ["permission_denied"])
