"""Members, teams and oneself by API; and the addresses of older deployments."""

import pytest
from django.core import mail

from accounts.models import Membership
from accounts.roles import Role
from core.outbox.delivering import deliver_due
from core.scope import organization_scope
from tests.accounts.api.conftest import Caller, codes_of, login, tokens_of
from tests.core.api.test_description import Judge, description
from tests.factories import make_actor
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = pytest.mark.django_db
__all__ = ["description"]
NEW = {"email": "new@example.com", "roles": ["agent"], "name": "New Person", "phone": "98450 12345"}


@pytest.fixture
def by_session(client_for):
    return lambda actor: Caller(client=client_for(actor, raise_request_exception=False))


class Team:
    """An administrator, and a leader with two agents, one below the other."""

    def __init__(self, actor_for) -> None:
        self.admin = actor_for(Role.ADMIN, name="Asha Menon")
        self.leader = actor_for(Role.TEAM_LEADER, name="Leela Nair")
        self.agent = actor_for(Role.AGENT, name="Arjun Rao", manager=self.leader)
        self.junior = actor_for(Role.AGENT, name="Bina Shah", manager=self.agent)


@pytest.fixture
def team(actor_for):
    return Team(actor_for)


def names(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


@pytest.mark.parametrize("path", ["/users", "/users/", "/register", "/api/users", "/api/register/"])
def test_an_administrator_invites_a_person_who_is_written_to(team, by_session, path):
    response = by_session(team.admin).post(path, {**NEW, "manager": team.leader.membership.pk})
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["email"], body["phone"], body["manager"]["name"]) == (
        "new@example.com",
        "+919845012345",
        "Leela Nair",
    )
    assert by_session(team.admin).get(response["Location"]).json() == body
    deliver_due()
    assert [message.to for message in mail.outbox] == [["new@example.com"]]
    assert codes_of(by_session(team.admin).post(path, NEW)) == (409, ["member_exists"])


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"email": "nonsense"}, "email"),
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "roles.0"),
        ({"phone": "12"}, "phone"),
        ({"manager": 987654321}, "manager"),
        ({"password": "a long password indeed"}, "password"),
    ],
)
def test_what_cannot_be_is_refused_by_field(team, by_session, change, attr):
    response = by_session(team.admin).post("/users", {**NEW, **change})
    assert response.status_code == 400
    assert [error["attr"] for error in response.json()["errors"]] == [attr]


def test_each_sees_whom_the_role_lets_see(team, by_session):
    people = ["Asha Menon", "Leela Nair", "Arjun Rao", "Bina Shah"]
    assert names(by_session(team.admin).get("/users")) == people
    assert names(by_session(team.leader).get("/users")) == people[1:]
    assert names(by_session(team.agent).get("/users")) == ["Arjun Rao"]
    assert by_session(team.agent).get(f"/users/{team.leader.membership.pk}").status_code == 404


def test_the_list_is_filtered_ordered_and_paged(team, by_session):
    caller = by_session(team.admin)
    assert names(caller.get("/users?search=RAO")) == ["Arjun Rao"]
    assert names(caller.get("/users?role=agent&ordering=-name")) == ["Bina Shah", "Arjun Rao"]
    assert names(caller.get("/users?is_active=false")) == []
    first = caller.get("/users?page_size=3&ordering=name")
    assert names(first) == ["Arjun Rao", "Asha Menon", "Bina Shah"]
    second = caller.client.get(first.json()["next"])
    assert names(second) == ["Leela Nair"]
    assert names(caller.client.get(second.json()["previous"])) == ["Arjun Rao", "Asha Menon", "Bina Shah"]


@pytest.mark.parametrize(
    ("query", "code", "attr"),
    [
        ("colour=red", "unknown_filter", "colour"),
        ("is_active=maybe", "wrong_type", "is_active"),
        ("role=king", "invalid_choice", "role"),
        ("role=", "blank", "role"),
        ("is_active=", "blank", "is_active"),
        ("ordering=phone", "invalid_ordering", "ordering"),
        ("page_size=0", "invalid_page_size", "page_size"),
        ("cursor=nonsense", "invalid_cursor", "cursor"),
        ("ordering=id&cursor=cD1hYmM%3D", "invalid_cursor", "cursor"),  # p=abc
        ("ordering=created&cursor=cD1hYmM%3D", "invalid_cursor", "cursor"),
        ("ordering=name&cursor=cD1hJTAwYg%3D%3D", "invalid_cursor", "cursor"),  # p=a%00b
        ("search=%00", "null_characters_not_allowed", "search"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(team, by_session, query, code, attr):
    response = by_session(team.admin).get(f"/users?{query}")
    assert response.status_code == 400
    assert [(error["code"], error["attr"]) for error in response.json()["errors"]] == [(code, attr)]


@pytest.mark.parametrize("number", ["1.5", "0", "-3", "9223372036854775808", "one", ""])
def test_a_number_that_no_member_has_is_refused(team, by_session, number):
    for path in ("/teams?leader=", "/api-keys?owner=", "/login-logs?member="):
        response = by_session(team.admin).get(f"{path}{number}")
        assert response.status_code == 400, path


def test_a_change_is_whole_or_not_at_all(team, by_session):
    caller, address = by_session(team.admin), f"/users/{team.junior.membership.pk}"
    changed = caller.patch(
        address, {"name": "Bina S", "roles": ["agent", "team_leader"], "manager": None, "is_active": False}
    ).json()
    assert (changed["name"], changed["roles"], changed["manager"], changed["is_active"]) == (
        "Bina S",
        ["team_leader", "agent"],
        None,
        False,
    )
    refused = caller.patch(
        address, {"name": "Other", "is_active": True, "manager": team.junior.membership.pk}
    )
    assert refused.status_code == 400
    assert caller.get(address).json() == changed


def test_the_last_administrator_stays(team, by_session):
    address = f"/users/{team.admin.membership.pk}"
    assert codes_of(by_session(team.admin).patch(address, {"is_active": False})) == (
        409,
        ["last_administrator"],
    )


def test_people_of_another_organisation_are_not_there(team, by_session, other_organization):
    stranger = make_actor(other_organization, Role.ADMIN)
    caller = by_session(stranger)
    assert caller.get(f"/users/{team.agent.membership.pk}").status_code == 404
    assert caller.patch(f"/users/{team.agent.membership.pk}", {"name": "X"}).status_code == 404
    own = caller.post("/users", {**NEW, "manager": team.leader.membership.pk})
    assert own.status_code == 400


def test_a_team_is_everybody_below_its_leader(team, by_session, actor_for):
    actor_for(Role.TEAM_LEADER, name="Zoe Alone")
    [first, second] = by_session(team.admin).get("/teams?ordering=name").json()["results"]
    assert (first["leader"]["name"], first["size"]) == ("Leela Nair", 2)
    assert [(row["name"], row["depth"]) for row in first["members"]] == [("Arjun Rao", 1), ("Bina Shah", 2)]
    assert first["members"][1]["manager"] == team.agent.membership.pk
    assert (second["leader"]["name"], second["members"]) == ("Zoe Alone", [])
    assert len(by_session(team.leader).get("/teams").json()["results"]) == 1
    assert by_session(team.agent).get("/teams").json()["results"] == []


def test_lists_of_people_cost_the_same_for_many(team, by_session, actor_for, django_assert_max_num_queries):
    caller = by_session(team.admin)
    for _ in range(4):
        actor_for(Role.AGENT, manager=team.leader)
    for path in ("/users", "/teams"):
        with django_assert_max_num_queries(8):
            assert caller.get(path).status_code == 200


# Oneself


def test_one_learns_who_one_is_and_where_one_belongs(team, token_for, other_organization):
    make_actor(other_organization, Role.AUDITOR, email=team.agent.user.email, password=None)
    told = token_for(team.agent).get("/auth/me").json()
    assert told["email"] == team.agent.user.email
    assert told["credential"] == {"kind": "token", "scopes": None}
    assert [(each["slug"], each["roles"]) for each in told["organizations"]] == [
        ("acme", ["agent"]),
        ("rival", ["auditor"]),
    ]
    assert told["profile"] is None
    here = token_for(team.agent, "acme").get("/auth/me").json()["profile"]
    assert (here["organization"], here["name"]) == ("acme", "Arjun Rao")


def test_one_changes_ones_own_name_and_phone_here(team, token_for):
    caller = token_for(team.agent)
    assert caller.patch("/auth/me", {"phone": "98450 99999"}).json()["profile"]["phone"] == "+919845099999"
    changed = caller.patch("/auth/me", {"name": "Arjun R"}).json()["profile"]
    assert (changed["name"], changed["phone"]) == ("Arjun R", "+919845099999")
    assert codes_of(caller.patch("/auth/me", {"roles": ["admin"]})) == (400, ["unknown_field"])
    assert caller.patch("/auth/me", {"phone": "1"}).json()["errors"][0]["attr"] == "phone"
    with organization_scope(team.agent.organization):
        assert Membership.objects.get(pk=team.agent.membership.pk).roles == ["agent"]


# Older addresses, and the description


def test_the_addresses_of_older_deployments_lead_to_the_same_views(team, by_session, in_organization):
    make_line(team.admin, ONE_OF_EACH)
    body = {"email": team.agent.user.email, "password": "correct horse battery"}
    for path in ("/api/login", "/api/login/"):
        assert Caller().post(path, body).status_code == 200
    caller = by_session(team.admin)
    for path in ("/api/users", "/api/users/"):
        assert caller.get(path).json() == caller.get("/users").json()
    lead = {"line": "loan", "data": {"full_name": "A"}}
    for path in ("/api/leads", "/api/leads/"):
        assert caller.post(path, lead).status_code == 201
        assert len(caller.get(path).json()["results"]) >= 1
    assert caller.get("/api/leads/export").status_code == 404


def test_calls_answer_what_the_description_says(description, team, by_session, token_for):
    judge, caller = Judge(description), by_session(team.admin)

    def check(method: str, path: str, response) -> None:
        judge.check(method, f"/api/v1/{path}/", response)

    check("post", "auth/login", login(team.agent.user.email))
    check("post", "auth/login", login(team.agent.user.email, "wrong"))
    check("post", "auth/login", Caller().post("/auth/login", {}))
    check(
        "post", "auth/refresh", Caller().post("/auth/refresh", {"refresh": tokens_of(team.agent)["refresh"]})
    )
    check("post", "auth/refresh", Caller().post("/auth/refresh", {"refresh": "x"}))
    check("post", "auth/mfa", Caller().post("/auth/mfa", {"ticket": "x", "code": "1"}))
    check("post", "auth/logout", token_for(team.agent).post("/auth/logout"))
    check("get", "auth/me", caller.get("/auth/me"))
    check("patch", "auth/me", caller.patch("/auth/me", {"name": "A"}))
    check("post", "register", caller.post("/register", NEW))
    check("post", "register", caller.post("/register", NEW))
    check("post", "users", caller.post("/users", {**NEW, "email": "other@example.com"}))
    check("get", "users", caller.get("/users"))
    check("get", "users", caller.get("/users?colour=red"))
    one = f"/users/{team.junior.membership.pk}"
    check("get", "users/{member_id}", caller.get(one))
    check("get", "users/{member_id}", caller.get("/users/987654321"))
    check("patch", "users/{member_id}", caller.patch(one, {"is_active": False}))
    check("get", "teams", caller.get("/teams"))
    made = caller.post("/api-keys", {"name": "A", "scopes": ["leads:read"]})
    prefix = made.json()["prefix"]
    check("post", "api-keys", made)
    check("post", "api-keys", caller.post("/api-keys", {}))
    check("get", "api-keys", caller.get("/api-keys"))
    check("get", "api-keys/{prefix}", caller.get(f"/api-keys/{prefix}"))
    check("post", "api-keys/{prefix}/rotate", caller.post(f"/api-keys/{prefix}/rotate", {"overlap_hours": 1}))
    check("delete", "api-keys/{prefix}", caller.delete(f"/api-keys/{prefix}"))
    check("post", "api-keys/{prefix}/rotate", caller.post(f"/api-keys/{prefix}/rotate", {}))
    check("get", "login-logs", caller.get("/login-logs"))
