"""The two commands as an operator runs them."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from core.errors import ApplicationError, ValidationFailed
from core.models import Job
from core.scope import organization_scope
from leads.models import BusinessLine, LeadValue
from leads.services.leads import create_lead
from tests.factories import make_actor

pytestmark = pytest.mark.django_db
LOANS = Path("tests/data/loan_leads/configuration.json")


def run(name, *arguments, organization):
    out = StringIO()
    call_command(name, *arguments, organization=organization.slug, stdout=out)
    return out.getvalue()


def test_a_file_is_brought_in_rehearsed_and_written_out(organization, other_organization, tmp_path):
    rehearsed = json.loads(
        run("import_configuration", LOANS, "--dry-run", "--skip-unknown", "--json", organization=organization)
    )
    brought = json.loads(
        run("import_configuration", LOANS, "--skip-unknown", "--json", organization=organization)
    )
    assert brought == rehearsed
    assert (brought["created"], brought["changed"], brought["unchanged"]) == (16, 0, 0)
    written = tmp_path / "written.json"
    written.write_text(run("export_configuration", organization=organization), encoding="utf-8")
    assert "₹" in written.read_text(encoding="utf-8")
    again = json.loads(run("import_configuration", written, "--json", organization=organization))
    assert (again["created"], again["changed"], again["diff"]) == (0, 0, [])
    run("import_configuration", written, organization=other_organization)
    exported = [
        run("export_configuration", "--json", organization=each)
        for each in (organization, other_organization)
    ]
    assert exported[0] == exported[1]


def test_people_are_told_the_difference(organization, tmp_path):
    file = tmp_path / "sources.json"
    file.write_text('{"schema": 1, "sources": ["Web"]}')
    assert (
        run("import_configuration", file, organization=organization)
        == "Created 1, changed 0, unchanged 0.\n+ sources[Web]\n"
    )
    file.write_text('{"schema": 1, "sources": ["WEB"]}')
    assert "~ sources[WEB].name: 'Web' → 'WEB'" in run(
        "import_configuration", file, organization=organization
    )


def test_refusals_name_the_place(organization, tmp_path):
    with pytest.raises(ApplicationError, match="no file"):
        run("import_configuration", tmp_path / "none.json", organization=organization)
    with pytest.raises(ValidationFailed) as refused:
        run("import_configuration", LOANS, organization=organization)
    assert set(refused.value.fields) == {"partners", "routing"}


def test_indexes_are_filled_before_the_command_ends(organization, tmp_path):
    file = tmp_path / "line.json"
    field = {"key": "town", "label": "Town", "type": "text"}
    line = {"code": "loan", "name": "Loan", "fields": [field]}
    file.write_text(json.dumps({"schema": 1, "business_lines": [line]}))
    run("import_configuration", file, organization=organization)
    admin = make_actor(organization, "admin")
    with organization_scope(organization):
        create_lead(actor=admin, line=BusinessLine.objects.get(), values={"town": "Pune"})
    field["indexed"] = True
    file.write_text(json.dumps({"schema": 1, "business_lines": [line]}))
    run("import_configuration", file, organization=organization)
    with organization_scope(organization):
        assert Job.objects.get().state == "done"
        assert LeadValue.objects.get().text_value == "pune"


def test_wrong_usage_ends_with_status_two():
    ended = subprocess.run(
        [sys.executable, "manage.py", "import_configuration"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
