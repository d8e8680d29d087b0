"""People who call by token."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.actor import Actor
from tests.caching import forget_everything
from tests.factories import PASSWORD

BASE = "/api/v1"


class Caller:
    """Calls below /api/v1 with one credential; `tenant` names the organisation."""

    def __init__(self, authorization: str = "", tenant: str = "", client: Client | None = None) -> None:
        self.client = client or Client(raise_request_exception=False)
        self.headers = {"Authorization": authorization, "X-Tenant-ID": tenant}

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        content = "" if body is None else json.dumps(body)
        given = {name: value for name, value in {**self.headers, **headers}.items() if value}
        where = path if path.startswith(("/api/", "http")) else BASE + path
        return self.client.generic(method, where, content, content_type="application/json", headers=given)


CallerFor = Callable[..., Caller]


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """Each test begins without failed tries behind it."""
    forget_everything()
    yield
    forget_everything()


def login(email: str, password: str = PASSWORD, **headers: str) -> HttpResponse:
    return Caller().post("/auth/login", {"email": email, "password": password}, **headers)


def tokens_of(actor: Actor) -> dict[str, Any]:
    """Sign in and return what the call answers."""
    response = login(actor.user.email)
    assert response.status_code == 200, response.content
    return response.json()


def by_token(access: str, tenant: str = "") -> Caller:
    return Caller(f"Bearer {access}", tenant)


@pytest.fixture
def token_for() -> CallerFor:
    """Return `token_for(actor)`: that person's calls by access token."""
    return lambda actor, tenant="": by_token(tokens_of(actor)["access"], tenant)


def codes_of(response: HttpResponse) -> tuple[int, list[str]]:
    """The status and the code of each error; the shape is checked on the way."""
    body = response.json()
    assert set(body) >= {"type", "errors", "request_id"}, body
    return response.status_code, [error["code"] for error in body["errors"]]
