"""The education file: proposed, applied and loaded once for the module that looks at it."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.actor import Actor
from accounts.roles import Role
from core.models import Organization
from core.scope import Scope, entered
from tests.factories import make_actor, make_organization

DATA = Path(__file__).parents[2] / "data"
EDUCATION = DATA / "education_leads.csv"


@dataclass
class Education:
    """The organisation of the education file, and what the commands printed."""

    organization: Organization
    operations: Actor
    proposed: dict[str, Any]
    imported: dict[str, Any]
    rows: list[dict[str, str]]
    fields: dict[str, dict[str, Any]]


def run(name: str, *arguments: str, organization: Organization, line: str = "education") -> dict[str, Any]:
    """Run a command with --json and return what it prints."""
    out = io.StringIO()
    call_command(name, *arguments, "--json", organization=organization.slug, line=line, stdout=out)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


@pytest.fixture(scope="module")
def education(django_db_setup: None, django_db_blocker: Any) -> Iterator[Education]:
    around = transaction.atomic()
    # As around a test: the batches of an import, which are durable, may stand within.
    around._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), entered(Scope()), around:
        organization = make_organization("courses", name="Online Courses")
        operations = make_actor(organization, Role.OPERATIONS)
        proposed = run("propose_fields", str(EDUCATION), "--apply", organization=organization)
        imported = run("import_leads", str(EDUCATION), organization=organization)
        with EDUCATION.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        fields = {field["key"]: field for field in proposed["fields"]}
        yield Education(organization, operations, proposed, imported, rows, fields)
        transaction.set_rollback(True)
