"""The log of sign-ins: what is written down, for whom, and who reads it."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from accounts.models import LoginLog, User
from accounts.roles import Role
from accounts.services.visitors import device_name
from core.scope import system_scope
from tests.accounts.api.conftest import Caller, login, tokens_of
from tests.accounts.api.test_login import SECRET, code_now
from tests.factories import PASSWORD, make_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(actor_for):
    return actor_for(Role.AGENT, email="asha@example.com")


def written() -> list[tuple[str, str, int | None]]:
    """Method, reason and organisation of each row, in order."""
    with system_scope():
        return list(LoginLog.objects.order_by("pk").values_list("method", "reason", "organization_id"))


def on_page(password: str = PASSWORD, email: str = "asha@example.com") -> Client:
    client = Client(headers={"User-Agent": "Firefox 140"})
    client.post("/account/login/", {"login": email, "password": password})
    return client


def test_each_way_in_is_written_down(asha, organization):
    here = organization.pk
    on_page()
    login(asha.user.email)
    on_page("wrong")
    login(asha.user.email, "wrong")
    assert written() == [
        ("page", "", here),
        ("token", "", here),
        ("page", "wrong_password", here),
        ("token", "wrong_password", here),
    ]


def test_a_row_tells_whence_and_with_what_and_not_what_was_typed(asha):
    on_page("my secret word", "asha@example.com")
    on_page("x", "my.secret.password@example.com")
    with system_scope():
        known, unknown = LoginLog.objects.order_by("pk")
    assert (known.membership_id, known.address, known.device) == (
        asha.membership.pk,
        "127.0.0.1",
        "Firefox 140",
    )
    assert known.request_id
    assert (unknown.reason, unknown.user_id, unknown.organization_id) == ("unknown", None, None)
    assert "secret" not in "".join(str(value) for row in (known, unknown) for value in vars(row).values())


def test_closed_accounts_locks_and_copies_are_told_apart(asha, time_machine):
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    token = tokens_of(asha)["refresh"]
    Caller().post("/auth/refresh", {"refresh": token})
    time_machine.shift(60)
    Caller().post("/auth/refresh", {"refresh": token})
    for _ in range(6):
        login(asha.user.email, "wrong")
    with system_scope():
        User.objects.filter(pk=asha.user.pk).update(is_active=False)
    time_machine.shift(3600)
    login(asha.user.email)
    assert [reason for _method, reason, _organization in written()] == [
        "",
        "reused",
        *["wrong_password"] * 5,
        "locked",
        "closed",
    ]


def test_a_second_step_counts_when_it_is_made(asha):
    with system_scope():
        TOTP.activate(asha.user, SECRET)
    ticket = login(asha.user.email).json()["ticket"]
    assert written() == []
    Caller().post("/auth/mfa", {"ticket": ticket, "code": "000000"})
    Caller().post("/auth/mfa", {"ticket": ticket, "code": code_now()})
    assert [reason for _method, reason, _organization in written()] == ["wrong_code", ""]


def test_a_second_step_on_the_page_counts_when_it_is_made(asha):
    with system_scope():
        TOTP.activate(asha.user, SECRET)
    client = on_page()
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    client.post("/account/2fa/authenticate/", {"code": code_now()})
    assert written() == [("page", reason, asha.organization.pk) for reason in ("wrong_code", "")]


def test_a_person_of_two_organisations_leaves_a_row_in_each(asha, other_organization):
    make_actor(other_organization, Role.AGENT, email=asha.user.email, password=None)
    login(asha.user.email)
    assert {organization for *_rest, organization in written()} == {
        asha.organization.pk,
        other_organization.pk,
    }


def test_who_is_nobodys_member_leaves_a_row_for_the_operator_alone(asha):
    with system_scope():
        asha.membership.is_active = False
        asha.membership.save()
    login(asha.user.email)
    with system_scope():
        [log] = LoginLog.objects.all()
    assert (log.organization_id, log.user_id) == (None, asha.user.pk)


# Reading


@pytest.fixture
def by_session(client_for):
    return lambda actor: Caller(client=client_for(actor, raise_request_exception=False))


def members(response) -> list[int]:
    assert response.status_code == 200, response.content
    return [row["member"]["id"] for row in response.json()["results"]]


def test_administrators_and_auditors_see_all_and_others_their_own(asha, actor_for, by_session):
    leader = actor_for(Role.TEAM_LEADER)
    for actor in (asha, leader):
        login(actor.user.email)
    everybody = [leader.membership.pk, asha.membership.pk]
    assert members(by_session(actor_for(Role.ADMIN)).get("/login-logs")) == everybody
    assert members(by_session(actor_for(Role.AUDITOR)).get("/login-logs")) == everybody
    assert members(by_session(leader).get("/login-logs")) == [leader.membership.pk]
    assert members(by_session(asha).get("/login-logs")) == [asha.membership.pk]


def test_nothing_of_others_is_seen(asha, by_session, other_organization):
    login(asha.user.email)
    login("nobody@example.com")
    assert members(by_session(make_actor(other_organization, Role.ADMIN)).get("/login-logs")) == []


def test_the_list_is_filtered(asha, actor_for, by_session, time_machine):
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    caller = by_session(actor_for(Role.ADMIN))
    login(asha.user.email)
    time_machine.shift(60)
    login(asha.user.email, "wrong")

    def found(query: str) -> list[str]:
        response = caller.get(f"/login-logs?{query}")
        assert response.status_code == 200, response.content
        return [row["reason"] for row in response.json()["results"]]

    assert found("") == ["wrong_password", ""]
    assert found("succeeded=true") == [""]
    assert found("succeeded=false") == found("reason=wrong_password") == ["wrong_password"]
    assert found("since=2026-11-21T10:01:00Z") == ["wrong_password"]
    assert found("until=2026-11-21T10:01:00Z") == [""]
    assert found("method=page") == found("member=987654321") == []


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0",
            "Edge, Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/150.0 Safari/537.36", "Chrome, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_device_is_told_in_a_few_words(device, name):
    assert device_name(device) == name
