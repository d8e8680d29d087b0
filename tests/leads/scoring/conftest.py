"""A line with score rules: people see most of its fields, not everybody all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import UNFINISHED, Job
from core.scope import organization_scope
from leads.models import BusinessLine, Lead, ScoreRule
from leads.queries.scores import RENEW_SCORES
from leads.services.leads import create_lead
from leads.services.scoring import create_score_rule
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "town", "label": "Town", "type": "text", "maps_to": "city"},
    {"key": "income", "label": "Income", "type": "money"},
    {"key": "works", "label": "Works as", "type": "select", "choices": ["Salaried", "Business"]},
    {"key": "wants", "label": "Wants", "type": "multi_select", "choices": ["Home", "Car", "Gold"]},
    {"key": "credit", "label": "Credit score", "type": "integer", "visible_to": ["operations", "admin"]},
    {"key": "pan", "label": "PAN", "type": "text", "pii": True},
]
RICH = {"field": "income", "op": "gte", "value": "500000"}
GOOD_CREDIT = {"field": "credit", "op": "gte", "value": "750"}
_phones = count(9_846_000_000)


@dataclass
class Desk:
    """Who works here, and a line whose leads are scored."""

    operations: Actor
    leader: Actor
    agent: Actor
    line: BusinessLine

    def rule(self, name: str, points: int, condition: Any = None, **settings: Any) -> ScoreRule:
        return create_score_rule(
            actor=self.operations, line=self.line, name=name, points=points, condition=condition, **settings
        )

    def values(self, **values: Any) -> dict[str, Any]:
        return {"full_name": "Asha Rao", "mobile": f"+91{next(_phones)}", **values}

    def lead(self, by: Actor | None = None, attributes: dict[str, Any] | None = None, **values: Any) -> Lead:
        made = create_lead(
            actor=by or self.operations, line=self.line, values=self.values(**values), attributes=attributes
        )
        assert made.lead is not None
        return made.lead

    def line_now(self) -> BusinessLine:
        return BusinessLine.objects.get(pk=self.line.pk)

    def scores(self) -> list[int | None]:
        return list(Lead.objects.order_by("pk").values_list("score", flat=True))


def run_renewal() -> Job:
    """Run the job that scores anew."""
    return run_job_inline(Job.objects.get(kind=RENEW_SCORES, state__in=UNFINISHED))


def make_desk() -> Desk:
    """Return a desk; call it in no scope, and enter that of its organisation."""
    organization = make_organization(currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    leader = make_actor(organization, Role.TEAM_LEADER, name="Leela Nair")
    agent = make_actor(organization, Role.AGENT, name="Arun Iyer", manager=leader)
    with organization_scope(organization):
        line = make_line(operations, FIELDS)
    return Desk(operations, leader, agent, line)


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    made = make_desk()
    with organization_scope(made.operations.organization):
        yield made
