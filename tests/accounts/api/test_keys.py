"""Keys: made once told, acting as their owner within their scopes, limited, rotated, revoked; secrets nowhere."""

import datetime as dt
import json
import logging

import pytest
from django.db import connection

from accounts.models import ApiKey, ApiKeyUse, LoginLog, Membership, User
from accounts.roles import Area, Level, Role
from accounts.services import deactivate_member, narrow_access, update_member
from accounts.services.api_keys import create_api_key
from core.jobs import run_job_inline
from core.models import Job, Organization
from core.scope import organization_scope, system_scope
from tests.accounts.api.conftest import Caller, codes_of
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

pytestmark = pytest.mark.django_db
PERSONAL = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
]
BODY = {"name": "Branch website", "scopes": ["leads:read", "leads:create"]}


@pytest.fixture
def admin(actor_for):
    return actor_for(Role.ADMIN, name="Asha Menon")


@pytest.fixture
def by_session(client_for):
    return lambda actor: Caller(client=client_for(actor, raise_request_exception=False))


def make(actor, **values):
    with organization_scope(actor.organization, actor_id=actor.user.pk):
        return create_api_key(actor=actor, **{"name": "Test", "scopes": ["leads:read"], **values})


def by_key(text: str, tenant: str = "") -> Caller:
    return Caller(f"Api-Key {text}", tenant)


def detail_of(response) -> str:
    return response.json()["errors"][0]["detail"]


# Made


def test_a_key_is_told_once(admin, by_session):
    caller = by_session(admin)
    made = caller.post("/api-keys", BODY)
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    body = made.json()
    prefix, secret = body["key"].split(".")
    assert (body["prefix"], body["state"], body["owner"]["name"]) == (prefix, "active", "Asha Menon")
    assert len(secret) >= 43
    for response in (
        caller.get(f"/api-keys/{prefix}"),
        caller.get("/api-keys"),
        caller.get(made["Location"]),
    ):
        assert response.status_code == 200
        assert secret not in response.content.decode()
    assert by_key(body["key"]).get("/leads").status_code == 200


def test_a_repeated_call_makes_one_key_and_does_not_tell_it_again(admin, by_session):
    first, second = (
        by_session(admin).post("/api-keys", BODY, **{"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == {name: value for name, value in first.json().items() if name != "key"}
    with organization_scope(admin.organization):
        assert ApiKey.objects.count() == 1


def test_the_secret_stands_nowhere(admin, by_session, caplog):
    caplog.set_level(logging.DEBUG)
    made = by_session(admin).post("/api-keys", BODY, **{"Idempotency-Key": "two"}).json()["key"]
    secret = made.split(".")[1]
    by_key(made).get("/leads")
    by_key(f"{made}x").get("/leads")
    found = []
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT 1 FROM {table} t WHERE t::text LIKE %s LIMIT 1", [f"%{secret}%"])
            if cursor.fetchone():
                found.append(table)
        cursor.execute("SELECT * FROM accounts_historicalapikey")
        assert "secret_digest" not in {column.name for column in cursor.description}
    assert found == []
    assert secret not in caplog.text


def test_history_tells_who_made_and_who_ended_a_key(admin, by_session):
    prefix = by_session(admin).post("/api-keys", BODY).json()["prefix"]
    by_session(admin).delete(f"/api-keys/{prefix}")
    with organization_scope(admin.organization):
        rows = list(ApiKey.history.filter(prefix=prefix).order_by("history_id"))
    assert [(row.history_type, row.history_change_reason) for row in rows] == [
        ("+", "key made"),
        ("~", "key revoked"),
    ]
    assert {row.history_user_id for row in rows} == {admin.user.pk}


@pytest.mark.parametrize(
    ("change", "attr", "code"),
    [
        ({"name": "  "}, "name", "blank"),
        ({"scopes": []}, "scopes", "empty"),
        ({"scopes": ["leads:fly"]}, "scopes.0", "invalid_choice"),
        ({"scopes": ["keys:write"]}, "scopes.0", "invalid_choice"),
        ({"scopes": ["leads:write"]}, "scopes", "needs_reading"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at", "invalid"),
        ({"expires_at": "2099-01-01T00:00:00Z"}, "expires_at", "invalid"),
        ({"calls_per_minute": 0}, "calls_per_minute", "min_value"),
        ({"owner": 987654321}, "owner", "choice"),
        ({"secret": "mine"}, "secret", "unknown_field"),
    ],
)
def test_what_a_key_cannot_be_is_refused_by_field(admin, by_session, change, attr, code):
    response = by_session(admin).post("/api-keys", {**BODY, **change})
    assert response.status_code == 400
    assert [(error["attr"], error["code"]) for error in response.json()["errors"]] == [(attr, code)]


def test_no_scope_is_beyond_the_owners_roles(actor_for, by_session):
    response = by_session(actor_for(Role.OPERATIONS)).post(
        "/api-keys", {"name": "A", "scopes": ["access:read", "leads:read"]}
    )
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "not_allowed")


def test_nobody_makes_a_key_that_acts_as_another_person(admin, actor_for, by_session):
    partner, agent = actor_for(Role.PARTNER), actor_for(Role.AGENT)
    for person in (agent, actor_for(Role.ADMIN), actor_for(Role.PARTNER, Role.AGENT)):
        response = by_session(admin).post("/api-keys", {**BODY, "owner": person.membership.pk})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "person")
    made = by_session(admin).post("/api-keys", {**BODY, "owner": partner.membership.pk})
    assert made.status_code == 201
    assert by_key(made.json()["key"]).get("/auth/me").json()["email"] == partner.user.email


def test_operations_and_partners_see_to_their_own_keys_alone(admin, actor_for, by_session):
    operations, partner = by_session(actor_for(Role.OPERATIONS)), by_session(actor_for(Role.PARTNER))
    theirs = make(admin).key.prefix
    for caller in (operations, partner):
        own = caller.post("/api-keys", {"name": "Own", "scopes": ["leads:read"]}).json()["prefix"]
        assert [key["prefix"] for key in caller.get("/api-keys").json()["results"]] == [own]
        assert caller.get(f"/api-keys/{theirs}").status_code == 404
        assert caller.delete(f"/api-keys/{theirs}").status_code == 404
        assert caller.delete(f"/api-keys/{own}").status_code == 204
        refused = caller.post("/api-keys", {**BODY, "scopes": ["leads:read"], "calls_per_minute": 5000})
        assert refused.status_code == 403


def test_an_organisation_may_take_keys_from_a_role(admin, actor_for, by_session):
    operations = actor_for(Role.OPERATIONS)
    with organization_scope(admin.organization):
        narrow_access(actor=admin, role=Role.OPERATIONS, area=Area.KEYS, verb="write", level=Level.NONE)
    assert by_session(operations).post("/api-keys", BODY).status_code == 403


def test_a_person_has_only_so_many_keys(admin, by_session, monkeypatch):
    monkeypatch.setattr("accounts.services.api_keys.MOST_KEYS", 2)
    caller = by_session(admin)
    first = caller.post("/api-keys", BODY).json()["prefix"]
    caller.post("/api-keys", BODY)
    assert codes_of(caller.post("/api-keys", BODY)) == (409, ["too_many_keys"])
    caller.delete(f"/api-keys/{first}")
    assert caller.post("/api-keys", BODY).status_code == 201


# Calling


def test_a_key_does_what_its_scopes_name_and_no_more(admin, in_organization):
    make_line(admin, ONE_OF_EACH)
    caller = by_key(make(admin, scopes=["leads:read", "leads:create"]).text)
    created = caller.post("/leads", {"line": "loan", "data": {"full_name": "Ravi Shah"}})
    assert created.status_code == 201
    address = f"/leads/{created.json()['reference']}"
    assert caller.get(address).status_code == 200
    assert caller.get("/lines/loan/schema").status_code == 200
    assert caller.patch(address, {"status": "closed"}).status_code == 403
    assert caller.delete(address).status_code == 403
    assert caller.get("/users").status_code == 403


def test_a_key_without_a_right_to_change_sees_personal_data_masked(admin, in_organization):
    make_line(admin, PERSONAL)
    lead = {"line": "loan", "data": {"full_name": "Ravi Shah", "mobile": "98450 12345"}}
    writer = by_key(make(admin, scopes=["leads:read", "leads:create", "leads:write"]).text)
    made = writer.post("/leads", lead).json()
    seen = by_key(make(admin).text).get(f"/leads/{made['reference']}").json()
    assert made["phone"] == "+919845012345"
    assert seen["phone"] != made["phone"]
    assert "phone" in seen["masked"]


def test_a_key_does_less_as_soon_as_its_owner_may_less(admin, actor_for):
    owner = actor_for(Role.OPERATIONS)
    caller = by_key(make(owner).text)
    assert caller.get("/leads").status_code == 200
    with organization_scope(admin.organization):
        narrow_access(actor=admin, role=Role.OPERATIONS, area=Area.LEADS, verb="read", level=Level.NONE)
    assert caller.get("/leads").status_code == 403
    with organization_scope(admin.organization):
        update_member(actor=admin, membership=owner.membership, roles=[Role.AUDITOR])
    assert caller.get("/leads").status_code == 200


def test_a_key_is_bound_to_its_organisation(admin, other_organization):
    key = make(admin).text
    assert by_key(key, "acme").get("/leads").status_code == 200
    for tenant in ("rival", "nowhere"):
        assert codes_of(by_key(key, tenant).get("/leads")) == (403, ["permission_denied"])
        assert by_key(key, tenant).get("/auth/me").status_code == 403


def test_a_header_may_be_required_of_keys_too(admin, settings):
    settings.REQUIRE_TENANT_HEADER = True
    key = make(admin).text
    assert codes_of(by_key(key).get("/leads")) == (400, ["tenant_required"])
    assert by_key(key, "acme").get("/leads").status_code == 200


def test_a_key_is_no_person(admin):
    caller = by_key(make(admin, scopes=["access:read", "access:write"]).text)
    assert caller.get("/auth/me").json()["credential"] == {
        "kind": "key",
        "scopes": ["access:read", "access:write"],
    }
    assert caller.patch("/auth/me", {"name": "Robot"}).status_code == 403
    assert caller.post("/auth/logout").status_code == 403
    assert caller.post("/api-keys", BODY).status_code == 403


def test_a_wrong_secret_and_an_unknown_key_are_told_alike(admin):
    key = make(admin).text
    prefix, secret = key.split(".")
    tried = [
        f"{prefix}.{secret}x",
        f"{prefix}.",
        prefix,
        f"ll0000000000.{secret}",
        "",
        ".",
        "é.é",
        "x" * 3000,
    ]
    answers = [by_key(text).get("/leads") for text in tried]
    assert {codes_of(response)[0] for response in answers} == {401}
    assert len({json.dumps(response.json()["errors"]) for response in answers}) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            lambda key: ApiKey.objects.filter(pk=key.pk).update(revoked_at=dt.datetime.now(dt.UTC)),
            "key_revoked",
        ),
        (
            lambda key: ApiKey.objects.filter(pk=key.pk).update(
                expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
            ),
            "key_expired",
        ),
        (lambda key: User.objects.filter(pk=key.owner.user_id).update(is_active=False), "key_owner_inactive"),
        (
            lambda key: Membership.objects.filter(pk=key.owner_id).update(is_active=False),
            "key_owner_inactive",
        ),
        (
            lambda key: Membership.objects.filter(pk=key.owner_id).update(deleted_at=dt.datetime.now(dt.UTC)),
            "key_owner_inactive",
        ),
        (
            lambda key: Organization.objects.filter(pk=key.organization_id).update(is_active=False),
            "key_owner_inactive",
        ),
    ],
    ids=["revoked", "expired", "account", "membership", "gone", "organisation"],
)
def test_a_key_ends_at_once_with_what_it_stands_on(admin, change, code):
    made = make(admin)
    assert by_key(made.text).get("/leads").status_code == 200
    with system_scope():
        assert change(made.key) == 1
    assert codes_of(by_key(made.text).get("/leads")) == (401, [code])


def test_a_partner_that_is_let_go_calls_no_more(admin, actor_for):
    partner = actor_for(Role.PARTNER)
    key = make(admin, owner=partner.membership, scopes=["leads:create"]).text
    assert by_key(key).post("/leads", {}).status_code == 400
    deactivate_member(actor=admin, membership=partner.membership)
    assert by_key(key).post("/leads", {}).status_code == 401


def test_another_password_leaves_keys_alone(admin):
    key = make(admin).text
    with system_scope():
        user = User.objects.get(pk=admin.user.pk)
        user.set_password("another long phrase")
        user.save()
    assert by_key(key).get("/leads").status_code == 200


def test_what_a_key_writes_is_told_as_its_owners(admin, in_organization):
    make_line(admin, ONE_OF_EACH)
    caller = by_key(make(admin, scopes=["leads:read", "leads:create"]).text)
    reference = caller.post("/leads", {"line": "loan", "data": {"full_name": "A"}}).json()["reference"]
    [entry] = caller.get(f"/leads/{reference}/timeline").json()["results"]
    assert entry["actor"] == "Asha Menon"


# Limits and use


def test_a_key_has_a_limit_of_its_own_beside_its_owner(admin, by_session, settings):
    settings.API_CALLS_PER_MINUTE = 2
    few, usual = make(admin, calls_per_minute=1).text, make(admin).text
    assert [by_key(few).get("/lines").status_code for _ in range(2)] == [200, 429]
    answers = [by_key(usual).get("/lines") for _ in range(3)]
    assert [response.status_code for response in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Limit"] == "2"
    assert by_session(admin).get("/lines").status_code == 200


def test_its_last_use_is_noted_once_a_minute(admin, by_session, time_machine, django_assert_num_queries):
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    made = make(admin)

    def noted() -> str | None:
        return by_session(admin).get(f"/api-keys/{made.key.prefix}").json()["last_used_at"]

    assert noted() is None
    by_key(made.text).get("/lines")
    assert noted() == "2026-11-21T10:00:00+00:00"
    time_machine.shift(59)
    by_key(made.text).get("/lines")
    assert noted() == "2026-11-21T10:00:00+00:00"
    time_machine.shift(1)
    by_key(made.text).get("/lines")
    assert noted() == "2026-11-21T10:01:00+00:00"
    with organization_scope(admin.organization):
        assert ApiKeyUse.objects.count() == 1
        assert ApiKey.history.count() == 1


def test_a_call_by_key_costs_one_look_up(admin, django_assert_num_queries):
    caller = by_key(make(admin, scopes=["configuration:use"]).text)
    caller.get("/lines")
    # The role and organisation, the key; the same for the call itself, and its lines.
    with django_assert_num_queries(2):
        assert caller.get("/lines").status_code == 200


# Ended


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(admin, by_session):
    made, caller = make(admin), by_session(admin)
    assert caller.delete(f"/api-keys/{made.key.prefix}").status_code == 204
    assert caller.delete(f"/api-keys/{made.key.prefix}").status_code == 204
    assert by_key(made.text).get("/leads").status_code == 401
    assert [key["state"] for key in caller.get("/api-keys").json()["results"]] == ["revoked"]
    assert caller.get("/api-keys?revoked=false").json()["results"] == []
    assert len(caller.get("/api-keys?revoked=true").json()["results"]) == 1


def test_a_rotated_key_hands_over(admin, by_session, time_machine):
    time_machine.move_to("2026-11-21T10:00:00Z", tick=False)
    old = make(admin, scopes=["leads:read", "leads:create"], calls_per_minute=7)
    response = by_session(admin).post(f"/api-keys/{old.key.prefix}/rotate", {"overlap_hours": 2})
    assert response.status_code == 201
    new = response.json()
    assert new["prefix"] != old.key.prefix
    assert (new["name"], new["scopes"], new["calls_per_minute"]) == (
        "Test",
        ["leads:read", "leads:create"],
        7,
    )
    assert new["expires_at"] == "2027-11-21T10:00:00+00:00"
    time_machine.shift(dt.timedelta(hours=1, minutes=59))
    assert by_key(old.text).get("/leads").status_code == by_key(new["key"]).get("/leads").status_code == 200
    time_machine.shift(dt.timedelta(minutes=1))
    assert codes_of(by_key(old.text).get("/leads")) == (401, ["key_expired"])
    assert by_key(new["key"]).get("/leads").status_code == 200


def test_nobody_is_told_a_new_key_of_another_person(admin, actor_for, by_session):
    theirs = make(actor_for(Role.OPERATIONS))
    response = by_session(admin).post(f"/api-keys/{theirs.key.prefix}/rotate", {})
    assert codes_of(response) == (403, ["permission_denied"])
    assert by_key(theirs.text).get("/leads").status_code == 200
    partner = actor_for(Role.PARTNER)
    of_system = make(admin, owner=partner.membership)
    assert by_session(admin).post(f"/api-keys/{of_system.key.prefix}/rotate", {}).status_code == 201
    assert by_session(admin).delete(f"/api-keys/{theirs.key.prefix}").status_code == 204


def test_keys_that_hand_over_count_among_those_of_their_owner(admin, by_session, monkeypatch):
    monkeypatch.setattr("accounts.services.api_keys.MOST_KEYS", 2)
    address = f"/api-keys/{make(admin).key.prefix}/rotate"
    answers = [by_session(admin).post(address, {"overlap_hours": 24}) for _ in range(2)]
    assert answers[0].status_code == 201
    assert codes_of(answers[1]) == (409, ["too_many_keys"])
    assert by_session(admin).post(address, {}).status_code == 201


def test_without_an_overlap_the_old_key_ends_at_once(admin, by_session):
    old = make(admin)
    assert by_session(admin).post(f"/api-keys/{old.key.prefix}/rotate", {}).status_code == 201
    assert codes_of(by_key(old.text).get("/leads")) == (401, ["key_revoked"])
    again = by_session(admin).post(f"/api-keys/{old.key.prefix}/rotate", {})
    assert codes_of(again) == (409, ["key_not_active"])


def test_the_log_tells_of_keys_that_were_made(admin, by_session):
    prefix = by_session(admin).post("/api-keys", BODY).json()["prefix"]
    by_session(admin).post(f"/api-keys/{prefix}/rotate", {})
    with organization_scope(admin.organization):
        logs = list(LoginLog.objects.filter(method="key"))
    assert [(log.membership_id, log.address, log.reason) for log in logs] == [
        (admin.membership.pk, "127.0.0.1", "")
    ] * 2


# Work in the background


def exported(caller: Caller, **headers: str):
    response = caller.get("/leads/export?format=csv&line=loan", **headers)
    return response, b"".join(response.streaming_content).decode() if response.streaming else ""


def test_an_export_shows_no_more_than_the_key_that_asked_for_it(
    admin, in_organization, monkeypatch, by_session
):
    make_line(admin, PERSONAL)
    lead = {"line": "loan", "data": {"full_name": "Ravi Shah", "mobile": "98450 12345"}}
    person = by_session(admin)
    assert person.post("/leads", lead).status_code == 201
    reader = by_key(make(admin).text)
    assert "+919845012345" in exported(person)[1]
    assert "+919845012345" not in exported(reader)[1]

    monkeypatch.setattr("leads.services.exports.AT_ONCE", 0)
    jobs = {}
    for caller in (person, reader):
        response, _text = exported(caller)
        assert response.status_code == 202, response.content
        jobs[caller] = (
            response.json()["id"]
            if "id" in response.json()
            else response["Location"].rstrip("/").split("/")[-1]
        )
        run_job_inline(Job.objects.get(pk=jobs[caller]))
    own = reader.get(f"/exports/{jobs[reader]}/file")
    assert "9845012345" not in b"".join(own.streaming_content).decode()
    for path in (f"/exports/{jobs[person]}", f"/exports/{jobs[person]}/file", f"/jobs/{jobs[person]}"):
        assert reader.get(path).status_code == 404, path
    assert person.get(f"/exports/{jobs[person]}").status_code == 200
