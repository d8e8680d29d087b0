"""Making a line of a proposal: a new one, one that is there, by whoever may."""

import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import pytest
from django.core.management import ManagementUtility, call_command

from accounts.roles import Role
from core.errors import NotPermitted, ValidationFailed
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import BusinessLine, Lead, LineVersion
from leads.services.leads import create_lead
from leads.services.lines import create_line
from leads.services.proposing import apply_proposal, propose_fields
from tests.leads.lines.definitions import make_line
from tests.leads.loans import DATA
from tests.leads.proposals.columns import csv_bytes
from tests.leads.proposals.conftest import run

pytestmark = pytest.mark.django_db
ROWS = [
    ["Lead ID", "Full Name", "City", "Visits"],
    *(
        [f"L{number}", f"Person {number}", ["Pune", "Delhi"][number % 2], str(number % 7)]
        for number in range(30)
    ),
]
CITY = {"key": "town", "label": "City", "type": "text"}


@pytest.fixture
def operations(actor_for, in_organization):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_bytes(csv_bytes(ROWS))
    return path


def applied(actor, file, code="courses", **changes):
    proposal = propose_fields(actor=actor, path=file, filename=file.name, line_code=code)
    return apply_proposal(
        actor=actor,
        line_code=code,
        definitions=[item.definition() for item in proposal.fields if not item.exists],
        duplicate_match=proposal.duplicate_match,
        **changes,
    )


def test_a_new_line_is_published_with_the_fields(operations, file):
    result = applied(operations, file, "online-courses")

    line = BusinessLine.objects.get(code="online-courses")
    assert result.is_new and result.added == ("lead_id", "full_name", "city", "visits")
    assert (line.name, line.version, line.duplicate_match) == ("Online courses", 1, ["lead_id"])
    assert [item.key for item in line_definition(line).active] == list(result.added)
    assert LineVersion.objects.get(line=line).note == "fields from a spreadsheet"


def test_applying_twice_makes_one_version(operations, file):
    first = applied(operations, file)
    again = apply_proposal(
        actor=operations,
        line_code="courses",
        definitions=[
            item.definition() for item in propose_fields(actor=operations, path=file, filename="x.csv").fields
        ],
    )

    assert again.added == () and again.kept == first.added
    assert BusinessLine.objects.get(code="courses").version == 1


def test_a_line_that_is_there_keeps_what_it_has(operations, file):
    line = make_line(operations, [{"key": "seen_before", "label": "Seen", "type": "text"}, CITY])
    result = applied(operations, file, line.code)

    line.refresh_from_db()
    assert not result.is_new and result.added == ("lead_id", "full_name", "visits")
    definition = line_definition(line)
    assert [item.key for item in definition.active] == [
        "seen_before",
        "town",
        "lead_id",
        "full_name",
        "visits",
    ]
    assert definition.by_key["town"].type == "text"
    assert line.duplicate_match == ["lead_id"]


def test_a_column_that_the_line_has_a_field_for_says_so(operations, file):
    line = make_line(operations, [CITY])
    proposal = propose_fields(actor=operations, path=file, filename="leads.csv", line_code=line.code)

    assert {item.label: (item.exists, item.key) for item in proposal.fields}["City"] == (True, "town")


def test_a_draft_that_somebody_began_is_completed(operations, file):
    line = create_line(actor=operations, code="courses", name="My courses", duplicate_match=[])
    applied(operations, file)

    line.refresh_from_db()
    assert (line.name, line.version) == ("My courses", 1)


def test_what_is_wrong_with_a_field_is_told_by_its_path_and_nothing_is_made(operations, file):
    with pytest.raises(ValidationFailed) as refused:
        apply_proposal(
            actor=operations,
            line_code="courses",
            definitions=[{"key": "city", "label": "City", "type": "select", "choices": []}],
        )

    assert "fields[0].choices" in refused.value.fields
    assert not BusinessLine.objects.filter(code="courses").exists()


@pytest.mark.parametrize("role", [Role.AGENT, Role.TEAM_LEADER, Role.AUDITOR, Role.FINANCE, Role.PARTNER])
def test_only_who_configures_lines_may_propose_or_apply(actor_for, in_organization, file, role):
    actor = actor_for(role)

    with pytest.raises(NotPermitted):
        propose_fields(actor=actor, path=file, filename="leads.csv")
    with pytest.raises(NotPermitted):
        apply_proposal(actor=actor, line_code="courses", definitions=[])


def test_another_organisations_line_of_that_code_is_not_seen(operations, other_organization, actor_for, file):
    with organization_scope(other_organization):
        make_line(actor_for(Role.OPERATIONS, organization=other_organization), [CITY], code="courses")

    assert applied(operations, file).is_new


def test_the_command_prints_one_object_and_writes_nothing_unless_told(organization, file):
    printed = run("propose_fields", str(file), organization=organization, line="courses")

    assert [field["key"] for field in printed["fields"]] == ["lead_id", "full_name", "city", "visits"]
    assert set(printed["fields"][0]) >= {"key", "label", "type", "settings", "evidence"}
    assert set(printed["fields"][0]["evidence"]) >= {"filled", "distinct", "examples"}
    assert printed["dropped"] == []
    with organization_scope(organization):
        assert not BusinessLine.objects.exists()


def test_the_command_says_in_words_what_it_found(organization, file):
    out = io.StringIO()
    call_command("propose_fields", str(file), organization=organization.slug, line="courses", stdout=out)

    assert "City (city): select. 2 values in 30 cells. [required, indexed]" in out.getvalue()
    assert (
        "4 fields from 30 rows. A repeat is told by lead_id. Nothing was written; --apply does."
        in out.getvalue()
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"1,2\n3,4\n", "names columns"), (b"", "is empty"), (b"Name,Name\na,b\n", "names columns twice")],
)
def test_a_refused_file_is_one_line_and_status_1(organization, tmp_path, capsys, content, error):
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    arguments = [
        "manage.py",
        "propose_fields",
        str(path),
        f"--organization={organization.slug}",
        "--line=x",
        "--apply",
    ]

    with pytest.raises(SystemExit) as ended:
        ManagementUtility(arguments).execute()

    assert ended.value.code == 1
    said = capsys.readouterr()
    assert error in said.err and said.err.count("\n") == 1 and not said.out


@pytest.mark.parametrize("name", ["loan_leads.csv", "loan_leads.ods"])
def test_the_loan_file_is_accepted_whole_by_the_line_it_proposed(organization, name):
    proposed = run("propose_fields", str(DATA / name), "--apply", organization=organization, line="loans")
    imported = run("import_leads", str(DATA / name), organization=organization, line="loans")

    assert proposed["duplicate_match"] == ["mobile_no"]
    assert (imported["data_rows"], imported["rejected"], imported["reasons"]) == (2000, 0, {})
    assert imported["accepted"] + imported["duplicate"] == 2000
    with organization_scope(organization):
        assert Lead.objects.filter(source__name__iexact="website", campaign__name="Airport Kiosk").exists()


def test_a_workbook_of_every_kind_of_cell_is_accepted_whole(organization, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Enquiries of March"])
    book.active.append([])
    book.active.append(["Name", "Mobile", "Seen", "Born", "Share", "Agreed", "Paid", "Missing"])
    for number in range(40):
        born = dt.date(1980, 1 + number % 12, 1 + number % 28)
        seen = dt.datetime(2024, 3, 1, 9, number)  # noqa: DTZ001 - cells know no timezone
        row = [
            f"Person {number}",
            9845000000 + number,
            seen,
            born,
            number / 100,
            number % 2 == 0,
            number * 10.5,
            None,
        ]
        book.active.append(row)
        book.active.cell(row=number + 4, column=5).number_format = "0.0%"
    book.active.append(["Total", None, None, None, None, None, 8190])
    path = tmp_path / "leads.xlsx"
    book.save(path)

    proposed = run("propose_fields", str(path), "--apply", organization=organization, line="walk_ins")
    imported = run("import_leads", str(path), organization=organization, line="walk_ins")

    assert {field["key"]: field["type"] for field in proposed["fields"]} == {
        "name": "text", "mobile": "phone", "seen": "datetime", "born": "date", "share": "percent", "agreed": "boolean",
        "paid": "money",
    }  # fmt: skip
    assert [item["code"] for item in proposed["dropped"]] == ["no_values"]
    assert (imported["data_rows"], imported["accepted"], imported["rejected"]) == (40, 40, 0)


def test_a_line_without_name_and_phone_takes_leads_by_hand_too(operations, file):
    applied(operations, file)
    line = BusinessLine.objects.get(code="courses")
    values = {"lead_id": "L900", "full_name": "Zoe", "city": "pune", "visits": "3"}

    made = create_lead(actor=operations, line=line, values=values)

    assert json.loads(json.dumps(made.lead.data))["city"] == "Pune"
