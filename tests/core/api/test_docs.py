"""The reader of the description in a real browser, under the policy of the pages."""

import mimetypes
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route, expect

from accounts.roles import Role
from core.middleware import PAGES_POLICY
from core.scope import system_scope
from tests.browser.watching import launched_chromium

# A host that browsers trust without encryption.
ORIGIN = "http://localhost"
PATHS = ("/api/docs/", "/api/docs/?script=", "/api/schema", "/api/v1/lines/")


class Site:
    """Answers of the application, given before the browser starts: its event loop and the database do not mix."""

    def __init__(self, client: Client) -> None:
        headers = {"Accept": "application/json, text/html, */*", "Host": "localhost"}
        self.answers = {path: client.get(path, headers=headers) for path in PATHS}
        paths = self.answers["/api/schema"].json()["paths"]
        self.operations = {call["operationId"] for path in paths.values() for call in path.values()}
        self.sent: list[dict[str, str]] = []

    def serve(self, route: Route) -> None:
        """Answer the browser; what nobody expected is refused, and complained of."""
        request = route.request
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        assert request.url.startswith(ORIGIN), f"{request.url} is asked of another host"
        if path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            assert isinstance(found, str), f"{path} is no static file"
            kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
            route.fulfill(body=Path(found).read_bytes(), content_type=kind)
        elif request.method == "POST":
            self.sent.append(request.headers)
            route.fulfill(status=201, json={"reference": "L00000042"})
        else:
            answer = self.answers.get(path)
            if answer is None:
                route.abort()
                return
            route.fulfill(status=answer.status_code, body=answer.content, headers=dict(answer.items()))


@pytest.fixture
def site(actor_for, client_for) -> Site:
    return Site(client_for(actor_for(Role.AGENT)))


def opened(page: Page, complaints: list[str], site: Site) -> None:
    page.set_default_timeout(20_000)
    page.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", site.serve)
    page.goto(f"{ORIGIN}/api/docs/")


@pytest.mark.browser
def test_the_reader_lists_every_call_and_tries_it_under_the_strict_policy(site):
    assert site.answers["/api/docs/"]["Content-Security-Policy"] == PAGES_POLICY
    assert "unsafe" not in PAGES_POLICY
    assert {"list_lines", "create_lead"} <= site.operations
    complaints: list[str] = []
    with launched_chromium() as browser:
        page = browser.new_page()
        opened(page, complaints, site)
        expect(page.locator(".opblock")).to_have_count(len(site.operations))
        shown = {each.get_attribute("id").rsplit("-", 1)[1] for each in page.locator(".opblock").all()}
        assert shown == site.operations

        lines = page.locator("#operations-Lines-list_lines")
        lines.locator(".opblock-summary-control").click()
        lines.get_by_role("button", name="Try it out").click()
        lines.get_by_role("button", name="Execute").click()
        expect(lines.locator(".responses-table.live-responses-table")).to_contain_text('"results"')

        create = page.locator("#operations-Leads-create_lead")
        create.locator(".opblock-summary-control").click()
        create.get_by_role("button", name="Try it out").click()
        create.get_by_role("button", name="Execute").click()
        expect(create.locator(".responses-table.live-responses-table")).to_contain_text("L00000042")
    assert complaints == []
    assert len(site.sent[0]["x-csrftoken"]) == 64
    assert site.sent[0]["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs"])
def test_the_reader_is_for_members(db, path):
    assert Client().get(path).headers["Location"] == f"/account/login/?next={path}"


def test_the_reader_tells_a_person_without_organisation_so(actor_for, client_for):
    actor = actor_for(Role.AGENT)
    client = client_for(actor)
    with system_scope(reason="test"):
        type(actor.membership).everything.filter(pk=actor.membership.pk).update(is_active=False)
    response = client.get("/api/docs/")
    assert response.status_code == 403
    assert "<!doctype html>" in response.content.decode()
