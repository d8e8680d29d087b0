"""What a request says of the credential that it was made with."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.roles import Role
from core.api.credentials import Credential, credential_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.api.test_credentials")]

seen: list[Credential | None] = []


def look(request: HttpRequest) -> HttpResponse:
    seen.append(credential_of(request))
    return HttpResponse()


urlpatterns = [path("api/look", look), path("account/", include("allauth.urls"))]


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def test_a_session_is_the_user(actor_for, client_for):
    actor = actor_for(Role.AGENT)
    client_for(actor).get("/api/look")
    assert seen == [Credential("session", f"user:{actor.user.pk}", None)]


def test_a_visitor_has_none(client):
    client.get("/api/look")
    assert seen == [None]
