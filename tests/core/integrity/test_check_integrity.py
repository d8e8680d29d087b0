"""The command that counts what must always hold, and the foundation's own checks."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from core.errors import ApplicationError
from core.integrity import CheckResult, Tally, integrity_check
from core.integrity.checks import tenant_keys, tenant_models
from core.models import Job, Organization
from core.scope import organization_scope, system_scope
from leads.models import LeadToken

pytestmark = pytest.mark.django_db


def check(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit status and what it printed."""
    printed = StringIO()
    status = 0
    try:
        call_command("check_integrity", *arguments, "--json", stdout=printed)
    except SystemExit as end:
        status = int(str(end.code))
    return status, json.loads(printed.getvalue())


def execute(statement: str, *values: object) -> None:
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_everything_holds_at_first(organization: Organization, other_organization: Organization) -> None:
    status, found = check()

    assert (status, found["breaks"]) == (0, 0)
    assert {"core.tenant_keys", "core.walls", "core.history", "core.jobs", "core.organizations"} <= set(
        found["checks"]
    )
    assert found["checks"]["core.walls"]["tried"] > 10
    assert found["checks"]["core.history"]["tried"] % 3 == 0


def test_a_reference_into_another_organisation_is_found(
    organization: Organization, other_organization: Organization
) -> None:
    execute(
        "INSERT INTO leads_leadtoken (organization_id, token, lead_id) VALUES (%s, 'a', 1)", organization.pk
    )

    status, found = check()

    assert (status, found["breaks"]) == (1, 1)
    example = found["checks"]["core.tenant_keys"]["examples"][0]
    assert example == "acme: leads_leadtoken.lead_id = 1 names no row of leads_lead"
    assert check("--organization", other_organization.slug)[0] == 0


def test_columns_without_a_constraint_are_tried_too() -> None:
    assert (LeadToken, LeadToken._meta.get_field("lead")) in list(tenant_keys())
    assert Job in tenant_models()


def test_rows_of_no_organisation_are_found(organization: Organization) -> None:
    execute("INSERT INTO leads_leadtoken (organization_id, token, lead_id) VALUES (987654, 'a', 1)")

    status, found = check()

    assert status == 1
    assert found["checks"]["core.organizations"]["examples"] == [
        "leads_leadtoken has rows of no organisation"
    ]


def test_a_table_without_its_wall_is_named(organization: Organization) -> None:
    execute("ALTER TABLE core_job DISABLE ROW LEVEL SECURITY")
    execute("DROP POLICY organization_wall ON leads_lead")

    _status, found = check()

    assert found["checks"]["core.walls"]["examples"] == ["core_job has no wall", "leads_lead has no wall"]


def test_a_history_trigger_that_is_switched_off_is_named(organization: Organization) -> None:
    execute("ALTER TABLE leads_lead DISABLE TRIGGER history_update")
    execute("DROP TRIGGER history_delete ON core_organization")

    _status, found = check()

    assert sorted(found["checks"]["core.history"]["examples"]) == [
        "core_organization has no trigger history_delete",
        "leads_lead has no trigger history_update",
    ]


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("state", "'asleep'", "state"),
        ("state", "'running'", "lease"),
        ("state", "'done'", "end"),
        ("error", "'broken'", "error"),
        ("done", "-1", "progress"),
        ("log", "'{}'", "log"),
        ("finished_at", "now()", "end"),
    ],
)
def test_a_job_in_an_impossible_state_is_found(
    organization: Organization, column: str, value: str, named: str
) -> None:
    with organization_scope(organization):
        job = Job.objects.create(kind="test.kind", title="Broken")
    execute(f"UPDATE core_job SET {column} = {value} WHERE id = %s", job.pk)

    _status, found = check()

    examples = found["checks"]["core.jobs"]["examples"]
    assert len(examples) == 1
    assert named in examples[0].split(": ")[2].split(", ")


def test_an_unknown_organisation_is_refused() -> None:
    with pytest.raises(ApplicationError, match="no organisation “nobody”"):
        check("--organization", "nobody")


def test_a_check_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        integrity_check("core.jobs")(lambda organization: CheckResult(0, []))


def test_a_tally_counts_all_breaks_and_shows_some() -> None:
    tally = Tally()
    tally.add(CheckResult(100, [str(number) for number in range(30)]), prefix="acme: ")
    tally.add(CheckResult(5, ["more"]))

    assert (tally.tried, tally.breaks, len(tally.examples)) == (105, 31, 20)
    assert tally.examples[0] == "acme: 0"


def test_people_read_a_table(organization: Organization) -> None:
    printed = StringIO()
    call_command("check_integrity", stdout=printed)

    assert printed.getvalue().endswith("Everything holds.\n")
