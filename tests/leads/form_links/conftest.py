"""A form of a line of loans, and a visitor who fills it in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import organization_scope
from leads.models import BusinessLine, FormLink, Source
from leads.pages.public import stamps
from leads.services.form_links import create_form_link
from leads.services.lines import update_line
from leads.services.origins import create_source
from tests.leads.lines.definitions import make_line

RULE = {"field": "kind", "op": "eq", "value": "Salaried"}
FIELDS: list[dict[str, Any]] = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "default_region": "IN",
     "required": True, "pii": True},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email"},
    {"key": "income", "label": "Income", "type": "money", "min": "0"},
    {"key": "kind", "label": "Kind", "type": "select", "choices": ["Salaried", "Business"]},
    {"key": "employer", "label": "Employer", "type": "text", "visible_if": RULE, "required_if": RULE},
    {"key": "state", "label": "State", "type": "select", "choices": ["Bihar", "Ohio"]},
    {"key": "town", "label": "Town", "type": "select", "choices_from": "state", "choices": [
        {"value": "Patna", "parents": ["Bihar"]}, {"value": "Dayton", "parents": ["Ohio"]}]},
    {"key": "pan", "label": "PAN", "type": "text", "unique": True},
    {"key": "story", "label": "Story", "type": "long_text"},
    {"key": "margin", "label": "Margin", "type": "decimal", "visible_to": ["admin"]},
    {"key": "verdict", "label": "Verdict", "type": "text", "editable_by": ["operations"]},
    {"key": "surveyor", "label": "Surveyor", "type": "user"},
    {"key": "friend", "label": "Friend", "type": "lead"},
    {"key": "payslip", "label": "Payslip", "type": "file"},
    {"key": "photo", "label": "Photo", "type": "image"},
    {"key": "payload", "label": "Payload", "type": "json"},
    {"key": "yearly", "label": "Yearly", "type": "computed", "formula": "income * 12"},
]  # fmt: skip
PERSON = {"full_name": "Asha Rao", "mobile": "98765 43210"}


def form_of(
    actor: Actor, *, line: dict[str, Any] | None = None, code: str = "loan", **settings: Any
) -> FormLink:
    """A form of a line of its own, from Website. `line`: settings of the line."""
    made = make_line(actor, FIELDS, code=code)
    made = update_line(actor=actor, line=made, **{"duplicate_match": ["phone"], **(line or {})})
    source = Source.objects.filter(name="Website").first() or create_source(actor=actor, name="Website")
    return create_form_link(actor=actor, line=made, source=source, **{"title": "Ask for a loan", **settings})


@pytest.fixture
def operations(actor_for: Callable[..., Actor]) -> Actor:
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def link(operations: Actor, in_organization: Organization) -> FormLink:
    return form_of(operations)


@pytest.fixture
def line(link: FormLink) -> BusinessLine:
    return link.line


class Visitor:
    """Somebody with a browser who opens a form and sends it."""

    def __init__(self, link: FormLink, client: Client | None = None) -> None:
        self.client = client or Client()
        self.path = f"/f/{link.token}/"

    def open(self, **query: str) -> HttpResponse:
        return self.client.get(self.path, query)

    def stamp(self, page: HttpResponse | None = None) -> str:
        """The stamp of a page as it was drawn."""
        html = (page or self.open()).content.decode()
        found = re.search(r'name="stamp" value="([^"]+)"', html)
        assert found, html
        return found[1]

    def send(self, values: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        """Fill in the page that was opened just now, and send it; `stamp` is that of another page."""
        embed = more.pop("embed", "")
        stamp = more.pop("stamp", None) or self.stamp()
        typed = {f"field-{key}": value for key, value in {**PERSON, **(values or {})}.items()}
        path = f"{self.path}?embed=1" if embed else self.path
        return self.client.post(path, {**typed, "stamp": stamp, **more})


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """People who take their time, without a test taking it."""
    monkeypatch.setattr(stamps, "FASTEST_SECONDS", 0)


@pytest.fixture
def visitor(link: FormLink, patient: None) -> Visitor:
    return Visitor(link)


@pytest.fixture
def elsewhere(other_organization: Organization, actor_for: Callable[..., Actor]) -> FormLink:
    """A form of another organisation."""
    actor = actor_for(Role.OPERATIONS, organization=other_organization)
    with organization_scope(other_organization):
        return form_of(actor, title="Theirs")
