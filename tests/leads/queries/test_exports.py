"""Exports: the list as it is shown, to whoever sees it so, as a file that is safe to open."""

import csv
import io

import openpyxl
import pytest

from accounts.models import Membership
from accounts.roles import Role
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.jobs import run_job
from core.models import Job, JobState
from core.scope import Scope, entered, system_scope
from leads.queries.exports import export_file, get_export
from leads.queries.lead_list import LeadListQuery, iterate_leads
from leads.services import exports
from leads.services.exports import StreamedExport, export_leads
from leads.services.leads import create_lead
from tests.leads.lines.definitions import make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]

FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
    {"key": "income", "label": "Income", "type": "money", "indexed": True},
    {"key": "born", "label": "Born", "type": "date"},
    {"key": "secret", "label": "Secret", "type": "text", "visible_to": ["finance"]},
]


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations):
    return make_line(operations, FIELDS)


@pytest.fixture
def leads(operations, line):
    rows = [
        {"full_name": "=cmd|' /C calc'!A0", "mobile": "+919876543210", "income": "-12.50"},
        {"full_name": "Asha Rao", "mobile": "+919876543211", "income": "90000", "born": "31/01/1990"},
        {"full_name": "Ravi", "mobile": "+919876543212"},
    ]
    return [create_lead(actor=operations, line=line, values=row).lead for row in rows]


def exported(actor, query, **options):
    """The rows of an export that is sent at once, read outside the request's scope as a server would."""
    export = export_leads(actor=actor, query=query, **options)
    assert isinstance(export, StreamedExport)
    with entered(Scope()):
        content = b"".join(export.chunks)
    if export.filename.endswith("csv"):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [
        list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    ]


def test_a_small_list_is_sent_at_once_as_csv(operations, line, leads):
    query = LeadListQuery(line, ordering="created")
    rows = exported(
        operations, query, file_type="csv", columns=["data.full_name", "data.mobile", "data.income"]
    )
    assert rows == [
        ["Name", "Mobile", "Income"],
        ["'=cmd|' /C calc'!A0", "'+919876543210", "-12.50"],
        ["Asha Rao", "'+919876543211", "90000.00"],
        ["Ravi", "'+919876543212", ""],
    ]


def test_a_workbook_has_typed_cells_and_no_formula(operations, line, leads):
    query = LeadListQuery(line, ordering="created")
    columns = ["data.full_name", "data.mobile", "data.income", "data.born", "created"]
    rows = exported(operations, query, file_type="xlsx", columns=columns)
    assert [row[:3] for row in rows[1:]] == [
        ["=cmd|' /C calc'!A0", "+919876543210", -12.5],
        ["Asha Rao", "+919876543211", 90000],
        ["Ravi", "+919876543212", None],
    ]
    assert str(rows[2][3]) == "1990-01-31 00:00:00"
    assert rows[1][4].tzinfo is None


@pytest.mark.parametrize("file_type", ["csv", "xlsx"])
def test_the_same_filter_gives_the_same_leads_in_list_and_export(operations, line, leads, file_type):
    query = LeadListQuery(
        line,
        conditions={"field": "data.income", "op": "is_not_empty"},
        ordering="-data.income",
    )
    rows = exported(operations, query, file_type=file_type, columns=["reference"])
    assert [row[0] for row in rows[1:]] == [lead.reference for lead in iterate_leads(operations, query)]
    assert len(rows) == 3


def test_without_a_choice_all_visible_columns_are_exported(operations, line, leads):
    rows = exported(operations, LeadListQuery(line), file_type="csv")
    assert {"Reference", "Status", "Owner", "Mobile", "Income", "Created"} <= set(rows[0])
    assert "Secret" not in rows[0]


def test_an_export_is_masked_as_the_list_is(actor_for, line, leads):
    columns = ["data.full_name", "data.mobile", "data.secret"]
    rows = exported(actor_for(Role.FINANCE), LeadListQuery(line), file_type="xlsx", columns=columns)
    assert [row[1] for row in rows[1:]] == ["••••3212", "••••3211", "••••3210"]


def test_an_export_holds_only_what_the_actor_sees(actor_for, line, leads):
    agent = actor_for(Role.AGENT)
    assert exported(agent, LeadListQuery(line), file_type="csv", columns=["reference"]) == [["Reference"]]


def test_what_is_not_understood_is_refused_by_name(operations, line):
    for wrong in (
        {"file_type": "pdf"},
        {"file_type": "csv", "columns": ["data.nothing"]},
        {"file_type": "csv", "columns": []},
    ):
        with pytest.raises(ValidationFailed) as caught:
            export_leads(actor=operations, query=LeadListQuery(line), **wrong)
        assert list(caught.value.fields) in (["format"], ["columns"])


def test_a_hidden_column_cannot_be_asked_for(operations, line):
    with pytest.raises(ValidationFailed):
        export_leads(actor=operations, query=LeadListQuery(line), file_type="csv", columns=["data.secret"])


def test_who_reads_no_leads_exports_none(actor_for, line, monkeypatch):
    actor = actor_for(Role.AGENT)
    object.__setattr__(actor, "roles", frozenset())
    with pytest.raises(NotPermitted):
        export_leads(actor=actor, query=LeadListQuery(line), file_type="csv")


def test_every_export_leaves_a_row_that_tells_of_it(operations, line, leads):
    exported(operations, LeadListQuery(line, search="asha"), file_type="csv", columns=["reference"])
    job = Job.objects.get(kind=exports.EXPORT)
    assert (job.state, job.created_by, job.result) == (JobState.DONE, operations.user, {"rows": 1})
    assert job.parameters["search"] == "asha"
    assert "filtered (csv)" in job.title
    with pytest.raises(NotVisible):
        export_file(operations, job.pk)


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    monkeypatch.setattr(exports, "STEP", 1)


@pytest.mark.parametrize("file_type", ["csv", "xlsx"])
def test_a_large_list_is_written_by_a_job(operations, line, leads, large, file_type):
    query = LeadListQuery(line, conditions={"field": "owner", "op": "eq", "value": "me"}, ordering="created")
    job = export_leads(
        actor=operations, query=query, file_type=file_type, columns=["reference", "data.income"]
    )
    assert isinstance(job, Job)
    with pytest.raises(Conflict):
        export_file(operations, job.pk)
    assert run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (JobState.DONE, 3, 3), job.error
    file = export_file(operations, job.pk)
    assert file.filename.endswith(f".{file_type}")
    content = file.path.read_bytes()
    if file_type == "csv":
        references = [row[0] for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    else:
        references = [row[0] for row in openpyxl.load_workbook(io.BytesIO(content)).active.values]
    assert references[1:] == [lead.reference for lead in leads]
    assert not list(file.path.parent.glob("*.part"))


def test_an_export_is_fetched_by_who_asked_and_nobody_else(actor_for, operations, line, leads, large):
    job = export_leads(actor=operations, query=LeadListQuery(line), file_type="csv")
    run_job(job.pk)
    assert get_export(operations, job.pk) == job
    for other in (actor_for(Role.ADMIN), actor_for(Role.AUDITOR)):
        with pytest.raises(NotVisible):
            export_file(other, job.pk)


def test_the_job_sees_what_its_asker_sees(actor_for, operations, line, leads, large):
    finance = actor_for(Role.FINANCE)
    job = export_leads(actor=finance, query=LeadListQuery(line), file_type="csv", columns=["data.mobile"])
    run_job(job.pk)
    assert "••••3210" in export_file(finance, job.pk).path.read_text()


def test_who_left_gets_no_export(actor_for, line, leads, large):
    finance = actor_for(Role.FINANCE)
    job = export_leads(actor=finance, query=LeadListQuery(line), file_type="csv")
    with system_scope(reason="test"):
        Membership.objects.filter(pk=finance.membership.pk).update(is_active=False)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    with pytest.raises(Conflict, match="Start it again"):
        export_file(finance, job.pk)
