"""Operations, a line, and a source with rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Intake
from core.scope import organization_scope
from core.services.intakes import load_intake, receive_file
from leads.models import AcceptanceRule, BusinessLine, Lead, Source
from leads.services.accepting import create_acceptance_rule
from leads.services.leads import CreateResult, create_lead
from leads.services.lines import update_line
from leads.services.origins import create_source
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line

FIELDS = [
    {"key": "full_name", "label": "Full name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "default_region": "IN"},
    {"key": "income", "label": "Income", "type": "money"},
]
RICH = {"field": "income", "op": "gte", "value": "500000"}
_phones = count(9_845_100_000)


@dataclass
class Desk:
    """Who works here, the line, and the source whose leads are judged."""

    operations: Actor
    agent: Actor
    line: BusinessLine
    source: Source

    def rule(self, name: str = "Large loans", **settings: Any) -> AcceptanceRule:
        settings.setdefault("line", self.line)
        return create_acceptance_rule(actor=self.operations, source=self.source, name=name, **settings)

    def values(self, **values: Any) -> dict[str, Any]:
        return {"full_name": "Asha Rao", "mobile": f"+91{next(_phones)}", **values}

    def create(self, source: str = "Website", **values: Any) -> CreateResult:
        return create_lead(
            actor=self.operations,
            line=self.line,
            values=self.values(**values),
            attributes={"source": source},
        )

    def file(self, rows: int, *, source: str = "Website", income: str = "900000") -> bytes:
        lines = [f"Person {n},{next(_phones)},{income},{source}" for n in range(rows)]
        return "\n".join(["Full name,Mobile,Income,Source", *lines]).encode()

    def receive(self, content: bytes) -> Intake:
        return receive_file(
            actor=self.operations, importer="leads", target="loan", filename="people.csv", chunks=[content]
        )

    def load(self, content: bytes) -> Intake:
        intake = self.receive(content)
        run_job_inline(load_intake(actor=self.operations, intake_id=intake.pk, inline=True))
        intake.refresh_from_db()
        return intake

    def count(self) -> int:
        return Lead.objects.filter(source=self.source).count()


def make_desk() -> Desk:
    """Return a desk; call it in no scope, and enter that of its organisation."""
    organization = make_organization(currency="INR", timezone="Asia/Kolkata")
    operations = make_actor(organization, Role.OPERATIONS, name="Omkar Joshi")
    agent = make_actor(organization, Role.AGENT, name="Anil Kumar")
    with organization_scope(organization):
        line = make_line(operations, FIELDS, code="loan")
        line = update_line(actor=operations, line=line, duplicate_match=["phone"])
        source = create_source(actor=operations, name="Website")
    return Desk(operations, agent, line, source)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    made = make_desk()
    with organization_scope(made.operations.organization):
        yield made
