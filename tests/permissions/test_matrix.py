"""Every URL as every caller: what the matrix says is what happens, and no URL is missing from it."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

import pytest
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Role
from core.scope import system_scope
from tests.factories import ROWS, World, make_actor, make_organization
from tests.permissions.matrix import CALLERS, CALLS, CONSOLE, EXEMPT, PAGES, Line

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LINES = [*PAGES, *CALLS, *CONSOLE]


class Callers:
    """The world of the matrix and a client for each of its callers."""

    def __init__(self) -> None:
        self.world = World(make_organization("matrix"))
        for model in ROWS:  # now, because the effects of each call are taken back
            self.world.row(model)
        others = {
            role: make_actor(self.world.organization, role)
            for role in (Role.OPERATIONS, Role.FINANCE, Role.AUDITOR, Role.PARTNER)
        }
        self.actors: dict[str, Actor] = {
            **others,
            Role.ADMIN: self.world.admin,
            Role.TEAM_LEADER: self.world.leader,
            Role.AGENT: self.world.agent,
            "nobody": self._without_membership(),
            "stranger": make_actor(make_organization("strangers"), Role.ADMIN),
        }
        self.clients = {caller: self._signed_in(caller) for caller in CALLERS}

    def _without_membership(self) -> Actor:
        actor = make_actor(self.world.organization, Role.ADMIN)
        with system_scope():
            Membership.everything.filter(pk=actor.membership.pk).update(is_active=False)
        return actor

    def _signed_in(self, caller: str) -> Client:
        client = Client(raise_request_exception=False)
        if caller != "visitor":
            with system_scope():
                client.force_login(self.actors[caller].user)
        return client

    def address(self, line: Line) -> str:
        return reverse(line.url, kwargs={name: self._id(value) for name, value in line.ids.items()})

    def _id(self, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        model, attribute = value
        assert issubclass(model, models.Model)
        return attrgetter(attribute)(self.world.row(model))

    def status(self, line: Line, caller: str) -> int:
        """Return the status of the call, whose effects are taken back."""
        return self.status_by(line, self.clients[caller])

    def status_by(self, line: Line, client: Client, **headers: str) -> int:
        """Return the status of the call by any client, whose effects are taken back."""
        data = line.data
        if isinstance(data, dict):
            data = {name: self._id(value) for name, value in data.items()}
        options: dict[str, Any] = {"data": data, "headers": headers}
        if line.is_api and line.method != "GET":
            options["content_type"] = "application/json"
        with transaction.atomic():
            response = getattr(client, line.method.lower())(self.address(line), **options)
            if response.streaming:
                b"".join(response.streaming_content)
            transaction.set_rollback(True)
        return response.status_code


@pytest.fixture
def callers(db: None) -> Callers:
    return Callers()


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Yield every URL of the resolver by its full name, or by its route where it has none."""

    def walk(resolver: Any, names: tuple[str, ...], route: str) -> Iterator[tuple[str, URLPattern]]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                inner = (*names, entry.namespace) if entry.namespace else names
                yield from walk(entry, inner, route + str(entry.pattern))
            elif entry.name:
                yield ":".join((*names, entry.name)), entry
            else:
                yield route + str(entry.pattern), entry

    return walk(get_resolver(), (), "")


def is_exempt(url: str) -> bool:
    return any(fnmatchcase(url, pattern) for pattern in EXEMPT)


def test_no_url_is_missing_from_the_matrix():
    spoken_of = {line.url for line in LINES}
    missing = sorted({url for url, _pattern in addresses() if url not in spoken_of and not is_exempt(url)})
    assert missing == [], (
        "These URLs have no line in tests/permissions/matrix.py. Add one for each method they answer:\n  "
        + "\n  ".join(missing)
    )


def test_no_line_speaks_of_a_url_that_is_gone():
    known = {url for url, _pattern in addresses()}
    assert sorted({line.url for line in LINES} - known) == []
    assert [pattern for pattern in EXEMPT if not any(fnmatchcase(url, pattern) for url in known)] == []


def test_no_line_stands_twice():
    keys = [(line.method, line.url, tuple(line.ids)) for line in LINES]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


# The console's pages are many and slow to draw.
@pytest.mark.parametrize("door", ["pages", "calls", pytest.param("console", marks=pytest.mark.verify)])
def test_every_caller_gets_what_the_matrix_says(callers, door):
    lines = {"pages": PAGES, "calls": CALLS, "console": CONSOLE}[door]
    wrong = []
    for line in lines:
        for caller in CALLERS:
            status, expected = callers.status(line, caller), line.expected[caller]
            allowed = {expected} if isinstance(expected, int) else expected
            if status not in allowed:
                told = " or ".join(map(str, sorted(allowed)))
                wrong.append(f"{line.method} {line.url} as {caller}: {told} expected, got {status}")
    assert wrong == [], "\n  ".join(["The matrix and the application differ:", *wrong])


def test_methods_without_a_line_are_refused(callers):
    spoken_of = {(line.method, line.url) for line in LINES}
    wrong = []
    for url, some in {line.url: line for line in [*PAGES, *CALLS]}.items():
        for method in METHODS:
            if (method, url) in spoken_of:
                continue
            line = Line(method, url, {}, some.ids, is_api=some.is_api)
            status = callers.status(line, Role.ADMIN)
            if status not in (403, 404, 405):
                wrong.append(f"{method} {url}: 405 expected, got {status}")
    assert wrong == [], "\n  ".join(["These methods answer and have no line in the matrix:", *wrong])
