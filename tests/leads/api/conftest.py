"""Calls as people make them: signed in by session, JSON in and out."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import Scope, entered, organization_scope
from leads.models import BusinessLine
from leads.services.lines import update_line
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

BASE = "/api/v1"


class Api:
    """One person's calls. Paths stand below /api/v1; bodies are values, or text and bytes as they are sent."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get(self, path: str, **parameters: Any) -> HttpResponse:
        return self.client.get(path if path.startswith("http") else BASE + path, parameters or None)

    def post(self, path: str, body: Any, **headers: Any) -> HttpResponse:
        return self._send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: Any) -> HttpResponse:
        return self._send("PATCH", path, body, **headers)

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(BASE + path)

    def _send(
        self, method: str, path: str, body: Any, content_type: str = "application/json", **headers: Any
    ) -> HttpResponse:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.generic(method, BASE + path, content, content_type=content_type, **headers)

    def create(self, line: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
        """Write down a lead that nothing is wrong with."""
        response = self.post("/leads", {"line": line, "data": data, **attributes})
        assert response.status_code == 201, response.content
        return response.json()


ApiFor = Callable[[Actor], Api]


@pytest.fixture
def api_for(client_for: Callable[..., Client]) -> ApiFor:
    """Return `api_for(actor)`: that person's calls. A mistake of ours is a 500, as in life."""
    return lambda actor: Api(client_for(actor, raise_request_exception=False))


@pytest.fixture
def operations(actor_for: Callable[..., Actor], in_organization: object) -> Actor:
    return actor_for(Role.OPERATIONS, name="Meera Iyer")


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    """A line with a field of every type; a mobile number tells a repeat."""
    return update_line(actor=operations, line=make_line(operations, ONE_OF_EACH), duplicate_match=["mobile"])


@contextmanager
def made_once(blocker: Any) -> Iterator[None]:
    """Make rows for a whole module in this block; they are gone after it. `blocker`: django_db_blocker."""
    with blocker.unblock(), entered(Scope()), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def taken_back(organization: Organization) -> Iterator[None]:
    """Run one test inside the organisation of such a module; what it writes is taken back."""
    with organization_scope(organization), transaction.atomic():
        yield
        transaction.set_rollback(True)


def errors_of(response: HttpResponse) -> list[tuple[str, str | None]]:
    """The (code, attr) of each error; the shape of the answer is checked on the way."""
    body = response.json()
    assert set(body) >= {"type", "errors", "request_id"}, body
    assert body["request_id"] == response["X-Request-ID"]
    assert all(set(error) == {"code", "detail", "attr"} and error["detail"] for error in body["errors"])
    return [(error["code"], error["attr"]) for error in body["errors"]]
