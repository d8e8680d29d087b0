"""What goes wrong has one shape, whoever noticed it; what is our mistake is found in the log."""

import json
import logging
from collections.abc import Iterator

import pytest
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from psycopg.errors import DeadlockDetected, SerializationFailure
from rest_framework.exceptions import PermissionDenied

from accounts.roles import Role
from config.logs import LOGGING
from core.api import fallbacks
from core.errors import Conflict, NotPermitted, NotVisible, TooLarge, ValidationFailed
from core.scope import NoOrganization
from leads.api import views
from tests.leads.api.conftest import Api, errors_of


@pytest.fixture
def api(api_for, actor_for) -> Api:
    return api_for(actor_for(Role.OPERATIONS))


@pytest.fixture
def raising(monkeypatch):
    """Return `raising(error)`: from now on the list of lines raises it."""

    def make(error: Exception) -> None:
        def get(self, request):
            raise error

        monkeypatch.setattr(views.LineListView, "get", get)

    return make


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines that the log writes meanwhile, as in life."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    collector = Collector()
    settings = LOGGING["formatters"]["json"]
    formatter = settings["()"](
        processors=settings["processors"], foreign_pre_chain=settings["foreign_pre_chain"]
    )
    collector.setFormatter(formatter)
    logger = logging.getLogger("django.request")
    logger.addHandler(collector)
    yield lines
    logger.removeHandler(collector)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ValidationFailed("odd", "That is odd."), 400, "odd"),
        (NotPermitted(), 403, "permission_denied"),
        (PermissionDenied(), 403, "permission_denied"),
        (NotVisible(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (Conflict("taken", "It is taken."), 409, "taken"),
        (TooLarge("huge", "It is huge."), 413, "huge"),
        (RequestDataTooBig(), 413, "too_large"),
        (SuspiciousOperation("secret"), 400, "parse_error"),
        (TooManyFieldsSent("secret"), 400, "parse_error"),
        (BadRequest("secret"), 400, "parse_error"),
        (MultiPartParserError("secret"), 400, "parse_error"),
        (UnreadablePostError("secret"), 400, "parse_error"),
    ],
)
def test_what_a_caller_did_has_one_shape(api, raising, error, status, code):
    raising(error)
    response = api.get("/lines")
    assert response.status_code == status
    assert errors_of(response) == [(code, None)]
    assert response.json()["type"] == "client_error"
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize("cause", [DeadlockDetected(), SerializationFailure()])
def test_whom_the_database_gave_up_is_told_to_call_again(api, raising, cause):
    error = OperationalError("secret")
    error.__cause__ = cause
    raising(error)
    response = api.get("/lines")
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert errors_of(response) == [("contested", None)]


@pytest.mark.parametrize("error", [RuntimeError("a secret"), NoOrganization(), KeyError("a secret")])
def test_what_we_did_is_told_by_a_number_that_is_in_the_log(api, raising, logged, error):
    raising(error)
    response = api.get("/lines")
    assert response.status_code == 500
    assert errors_of(response) == [("error", None)]
    body = response.json()
    assert body["type"] == "server_error"
    assert body["request_id"] in body["errors"][0]["detail"]
    assert "secret" not in response.content.decode()
    assert "organisation" not in response.content.decode()
    [line] = [json.loads(line) for line in logged]
    assert line["request_id"] == body["request_id"]
    assert type(error).__name__ in line["exception"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/leads", "/api/v1/nothing/at/all"])
def test_an_address_where_nothing_is_answers_like_any_call(api, method, path):
    response = getattr(api.client, method)(path)
    assert response.status_code == 404
    assert errors_of(response) == [("not_found", None)]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
def test_a_method_that_a_call_has_not_is_405(api, method):
    response = getattr(api.client, method)("/api/v1/lines")
    assert response.status_code == 405
    assert errors_of(response) == [("method_not_allowed", None)]
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml"])
def test_who_takes_no_json_is_told_so_in_json(api, accept):
    response = api.client.get("/api/v1/lines", headers={"Accept": accept})
    assert response.status_code == 406
    assert errors_of(response) == [("not_acceptable", None)]


@pytest.fixture
def broken_sign_in(monkeypatch):
    """The look-up of memberships fails: before any view, within the middleware."""

    def fail(user):
        raise RuntimeError("a secret")

    monkeypatch.setattr("accounts.callers.active_memberships", fail)


def test_a_mistake_before_any_view_has_the_same_shape(api, broken_sign_in, logged):
    response = api.get("/lines")
    assert response.status_code == 500
    assert errors_of(response) == [("error", None)]
    assert response.json()["request_id"] in response.json()["errors"][0]["detail"]
    assert json.loads(logged[0])["request_id"] == response.json()["request_id"]


def test_a_request_for_another_host_has_the_same_shape(api):
    response = api.client.get("/api/v1/lines", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert errors_of(response) == [("parse_error", None)]


def test_pages_keep_their_own(api, broken_sign_in):
    response = api.client.get("/profile/")
    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/html")
    assert api.client.get("/static-nothing/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(("fallback", "status"), [(fallbacks.forbidden, 403), (fallbacks.not_found, 404)])
def test_whatever_else_django_refuses_has_the_same_shape(rf, fallback, status):
    response = fallback(rf.get("/api/v1/leads"), PermissionError())
    body = json.loads(response.content)
    assert (response.status_code, body["type"], body["errors"][0]["attr"]) == (status, "client_error", None)
