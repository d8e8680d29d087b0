"""The matrix by token and by key: a token is its user, a key its owner within its scopes and its organisation."""

from typing import Any

import pytest
from django.test import Client

from accounts.actor import Actor
from accounts.key_scopes import SCOPES, allowed_by
from accounts.roles import Area, Role
from accounts.services import create_user
from accounts.services.api_keys import create_api_key
from core.scope import organization_scope
from tests.accounts.api.conftest import tokens_of
from tests.factories import make_organization
from tests.permissions.matrix import CALLERS, CALLS, Line
from tests.permissions.test_matrix import Callers

PEOPLE = [caller for caller in CALLERS if caller != "visitor"]
# What a key is no person for, or has a way of its own.
PERSONAL = {
    ("PATCH", "api:me"): {403},
    # By the right to write leads, though one reads them to have such settings.
    ("PATCH", "api:notification-settings"): {200, 403},
    ("POST", "api:logout"): {403},
}
# A right that does as well as the one by which the matrix tells the roles apart.
ALSO_BY = {("POST", "api:file-list"): (Area.LEADS, "write")}


@pytest.fixture
def callers(db) -> Callers:
    return Callers()


def status(callers: Callers, line: Line, authorization: str, tenant: str = "") -> int:
    """What the call is answered with that credential; its effects are taken back."""
    headers = {"Authorization": authorization, **({"X-Tenant-ID": tenant} if tenant else {})}
    return callers.status_by(line, Client(raise_request_exception=False), **headers)


def allowed(expected: Any) -> set[int]:
    return {expected} if isinstance(expected, int) else set(expected)


def is_open(line: Line) -> bool:
    return line.expected["visitor"] != 401


def key_of(callers: Callers, caller: str, scopes: list[str]) -> str:
    actor = callers.actors[caller]
    with organization_scope(actor.organization):
        return f"Api-Key {create_api_key(actor=actor, name='Test', scopes=scopes).text}"


@pytest.mark.parametrize(
    "people", [["agent", "nobody", "stranger"], pytest.param(PEOPLE, marks=pytest.mark.verify)]
)
def test_a_token_gets_what_its_user_gets(callers, people):
    wrong = []
    for caller in people:
        token = f"Bearer {tokens_of(callers.actors[caller])['access']}"
        for line in CALLS:
            expected = allowed(line.expected[caller])
            if line.url == "api:logout":
                expected = {204}
            got = status(callers, line, token)
            if got not in expected:
                wrong.append(f"{line.method} {line.url} by token of {caller}: {expected} expected, got {got}")
    assert wrong == []


@pytest.mark.parametrize(
    ("owner", "scopes"),
    [
        (Role.ADMIN, ["leads:read", "leads:create"]),
        (Role.PARTNER, ["leads:create"]),
        pytest.param(Role.ADMIN, ["leads:read"], marks=pytest.mark.verify),
        pytest.param(Role.ADMIN, ["access:read"], marks=pytest.mark.verify),
        pytest.param(Role.ADMIN, list(SCOPES), marks=pytest.mark.verify),
        pytest.param(Role.OPERATIONS, ["leads:read", "leads:write"], marks=pytest.mark.verify),
    ],
)
def test_a_key_is_refused_beyond_its_scopes(callers, owner, scopes):
    key, within = key_of(callers, owner, scopes), allowed_by(scopes)
    wrong = []
    for line in CALLS:
        expected = allowed(line.expected[owner])
        enough = {line.by, ALSO_BY.get((line.method, line.url), line.by)}
        if line.by is not None and within.isdisjoint(enough) and not is_open(line):
            # It may be refused before or after the row is found to be out of reach.
            expected = {403, 404}
        elif line.by is None and not is_open(line):
            # What is one's own, such as an export, was asked for by a right that the key may lack.
            expected |= {403}
        expected = PERSONAL.get((line.method, line.url), expected)
        got = status(callers, line, key)
        if got not in expected:
            wrong.append(f"{line.method} {line.url} by a key for {scopes}: {expected} expected, got {got}")
    assert wrong == []


def test_no_key_makes_keys(callers):
    key = key_of(callers, Role.ADMIN, list(SCOPES))
    lines = [line for line in CALLS if line.by is not None and line.by[0] is Area.KEYS]
    assert len(lines) >= 5
    assert {status(callers, line, key) for line in lines} == {403}


def test_a_key_opens_no_other_organisation_even_its_owners(callers):
    admin = callers.actors[Role.ADMIN]
    other = make_organization("second-home")
    create_user(actor=Actor.system(other), email=admin.user.email, roles=[Role.ADMIN])
    key = key_of(callers, Role.ADMIN, list(SCOPES))
    wrong = []
    for line in CALLS:
        if is_open(line) or line.url in ("api:logout", "api-schema", "api-nowhere"):
            continue
        for tenant in ("second-home", "nowhere"):
            got = status(callers, line, key, tenant)
            if got != 403:
                wrong.append(f"{line.method} {line.url} in {tenant}: 403 expected, got {got}")
    assert wrong == []


def test_a_credential_that_is_not_good_opens_nothing(callers):
    key = key_of(callers, Role.ADMIN, list(SCOPES))
    wrong = []
    for authorization in ("Bearer nonsense", "Api-Key nonsense", f"{key}x"):
        for line in CALLS:
            got, expected = status(callers, line, authorization), line.expected["visitor"]
            if got not in allowed(expected):
                wrong.append(
                    f"{line.method} {line.url} by {authorization[:9]}: {expected} expected, got {got}"
                )
    assert wrong == []
