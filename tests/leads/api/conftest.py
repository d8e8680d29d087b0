"""Calls as people make them: signed in by session, JSON in and out."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import Scope, entered, organization_scope, system_scope
from leads.models import BusinessLine
from leads.services.lines import update_line
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

BASE = "/api/v1"


class Api:
    """One person's calls. Paths stand below /api/v1; bodies are values, or text and bytes as they are sent."""

    organization: Organization

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


@pytest.fixture(scope="module")
def shared_api(django_db_setup: None, django_db_blocker: Any) -> Iterator[Api]:
    """The calls of operations in a world made once per module, for modules of many small tests (`untouched_api`)."""
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():
        organization = make_organization("shared")
        actor = make_actor(organization, Role.OPERATIONS)
        with organization_scope(organization):
            update_line(actor=actor, line=make_line(actor, ONE_OF_EACH), duplicate_match=["mobile"])
        client = Client(raise_request_exception=False)
        with system_scope(reason="test"):
            client.force_login(actor.user)
        api = Api(client)
        api.organization = organization
        yield api
        transaction.set_rollback(True)


@pytest.fixture
def untouched_api(shared_api: Api) -> Iterator[Api]:
    """`shared_api`, whose writes are taken back after the test."""
    with organization_scope(shared_api.organization), transaction.atomic():
        yield shared_api
        transaction.set_rollback(True)


def errors_of(response: HttpResponse) -> list[tuple[str, str | None]]:
    """The (code, attr) of each error; the shape of the answer is checked on the way."""
    body = response.json()
    assert set(body) >= {"type", "errors", "request_id"}, body
    assert body["request_id"] == response["X-Request-ID"]
    assert all(set(error) == {"code", "detail", "attr"} and error["detail"] for error in body["errors"])
    return [(error["code"], error["attr"]) for error in body["errors"]]
