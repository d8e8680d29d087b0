"""The configuration file in and out: all or nothing, the same again changes nothing."""

import json
from pathlib import Path

import pytest

from accounts.roles import Role
from core.configuration import export_document, import_document, read_document
from core.errors import NotPermitted, ValidationFailed
from core.models import Job
from core.scope import organization_scope
from leads.fields.line import line_definition
from leads.models import BusinessLine, Field, Lead, LineVersion, Source
from leads.services.leads import create_lead
from tests.leads.lines.definitions import ONE_OF_EACH

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
LOANS = Path("tests/data/loan_leads/configuration.json")


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


def document(*fields, **line):
    return {"schema": 1, "business_lines": [{"code": "loan", "name": "Loan", "fields": list(fields), **line}]}


def counts(report):
    return report.created, report.changed, report.unchanged


def history_rows():
    return [model.history.count() for model in (BusinessLine, Field, LineVersion, Source)]


def test_the_loan_leads_come_in_and_then_change_nothing(actor):
    given = read_document(LOANS.read_bytes())
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=actor, document=given)
    assert set(refused.value.fields) == {"partners", "routing"}
    assert not BusinessLine.objects.exists()
    report = import_document(actor=actor, document=given, skip_unknown=True)
    assert counts(report) == (16, 0, 0)
    assert report.skipped == ["partners", "routing"]
    line = BusinessLine.objects.get()
    assert (line.code, line.version, line.duplicate_match) == ("personal_loan", 1, ["phone"])
    assert [item.key for item in line_definition(line).active][:2] == ["full_name", "mobile"]
    before = history_rows()
    again = import_document(actor=actor, document=given, skip_unknown=True)
    assert (counts(again), again.diff) == ((0, 0, 16), [])
    assert history_rows() == before


def test_a_rehearsal_says_the_same_and_changes_nothing(actor):
    given = document(*ONE_OF_EACH) | {"sources": ["Web"]}
    before = history_rows()
    rehearsed = import_document(actor=actor, document=given, dry_run=True)
    assert not BusinessLine.objects.exists()
    assert not Source.objects.exists()
    assert history_rows() == before
    assert import_document(actor=actor, document=given).outcome() == rehearsed.outcome()


def test_the_difference_is_told_by_setting(actor):
    import_document(actor=actor, document=document(*ONE_OF_EACH[:3]))
    first, _second, third = ONE_OF_EACH[:3]
    report = import_document(
        actor=actor,
        document=document(
            first | {"label": "Name of applicant"}, third, name="Loans", duplicate_match=["name"]
        ),
    )
    assert counts(report) == (0, 3, 0)
    told = [(change["path"], change["old"], change["new"]) for change in report.diff]
    assert told == [
        ("business_lines[loan].name", "Loan", "Loans"),
        ("business_lines[loan].duplicate_match", [], ["name"]),
        ("business_lines[loan].fields[full_name].label", "Full name", "Name of applicant"),
        ("business_lines[loan].fields[age].order", 3, 2),
    ]
    assert report.left_alone == ["business_lines[loan].fields[story]"]
    assert Field.objects.get(key="story").status == "active"
    assert BusinessLine.objects.get().version == 2
    retired = import_document(
        actor=actor,
        document=document(
            first | {"label": "Name of applicant"}, third, name="Loans", duplicate_match=["name"]
        ),
        retire_missing=True,
    )
    assert [change["path"] for change in retired.diff] == ["business_lines[loan].fields[story].status"]
    assert Field.objects.get(key="story").status == "retired"


def test_every_problem_has_a_path_and_nothing_is_stored(actor):
    given = {
        "schema": 2,
        "bussines_lines": [],
        "campaigns": "Diwali",
        "sources": ["Web", "web ", {"name": ""}, 7],
        "business_lines": [
            {"code": "a", "name": "A", "duplicate_match": ["phone"], "stages": ["x", "X"], "colour": "red",
             "fields": [ONE_OF_EACH[0], {"key": "X", "label": "X", "type": "text", "min": 1}]},
            {"code": "a", "fields": []},
            {"code": "b", "name": 5, "currency": "XXX", "fields": {}},
            "c",
        ],
    }  # fmt: skip
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=actor, document=given)
    assert set(refused.value.fields) == {
        "schema",
        "bussines_lines",
        "campaigns",
        "sources[1]",
        "sources[2].name",
        "sources[3]",
        "business_lines[0].fields[1].key",
        "business_lines[0].fields[1].min",
        "business_lines[0].duplicate_match[0]",
        "business_lines[0].stages",
        "business_lines[0].colour",
        "business_lines[1].code",
        "business_lines[2].name",
        "business_lines[2].currency",
        "business_lines[2].fields",
        "business_lines[3]",
    }
    assert "business_lines" in refused.value.fields["bussines_lines"][0].message
    assert not BusinessLine.objects.exists()
    assert not Source.objects.exists()


def test_later_parts_are_refused_unless_passed_over(actor):
    given = document(ONE_OF_EACH[0], approval_flow="two_step")
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=actor, document=given)
    assert set(refused.value.fields) == {"business_lines[0].approval_flow"}
    assert import_document(actor=actor, document=given, skip_unknown=True).skipped == [
        "business_lines[0].approval_flow"
    ]


def test_a_left_field_that_breaks_is_named_by_its_key(actor):
    import_document(actor=actor, document=document(ONE_OF_EACH[13], ONE_OF_EACH[17]))
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=actor, document=document(ONE_OF_EACH[13] | {"status": "retired"}))
    assert set(refused.value.fields) == {
        "business_lines[0].fields[employer].visible_if",
        "business_lines[0].fields[employer].required_if",
    }


def test_sources_and_campaigns_follow_the_file(actor):
    import_document(actor=actor, document={"schema": 1, "sources": ["web", "Fair"], "campaigns": ["Diwali"]})
    given = {"schema": 1, "sources": ["Web", {"name": "Fair", "active": False}, "Radio"]}
    report = import_document(actor=actor, document=given)
    assert counts(report) == (1, 2, 0)
    assert export_document(actor=actor)["sources"] == [{"name": "Fair", "active": False}, "Radio", "Web"]
    assert export_document(actor=actor)["campaigns"] == ["Diwali"]


def test_what_is_written_out_comes_in_unchanged_here_and_elsewhere(actor, actor_for, other_organization):
    given = document(
        *ONE_OF_EACH,
        duplicate_match=["phone", "name+born"],
        on_duplicate="update",
        stages=["a"],
        active=False,
    )
    given["sources"] = ["Web", {"name": "Old", "active": False}]
    import_document(actor=actor, document=given)
    import_document(
        actor=actor,
        document=document({"key": "x", "label": "X", "type": "text", "order": 40}) | {"sources": []},
    )
    written = json.loads(json.dumps(export_document(actor=actor)))
    report = import_document(actor=actor, document=written)
    assert (report.created, report.changed) == (0, 0)
    other = actor_for(Role.ADMIN, organization=other_organization)
    with organization_scope(other_organization):
        import_document(actor=other, document=written)
        assert export_document(actor=other) == written


def test_stored_leads_are_brought_along_by_jobs(actor):
    import_document(actor=actor, document=document(*ONE_OF_EACH[:3]))
    line = BusinessLine.objects.get()
    create_lead(actor=actor, line=line, values={"full_name": "Asha", "age": "30"})
    report = import_document(
        actor=actor,
        document=document(ONE_OF_EACH[0] | {"indexed": True}, *ONE_OF_EACH[1:3], duplicate_match=["name"]),
    )
    assert report.changed == 2
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["leads.index_fields", "leads.renew_keys"]
    assert Lead.objects.get().version == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b'{"schema": 1,}', "line 1"),
        (b'{"schema": 1, "schema": 1}', "twice"),
        (b'{"schema": NaN}', "NaN"),
        (b"[" * 100_000, "cannot be read"),
        (b"[1" + b"0" * 5_000 + b"]", "cannot be read"),
    ],
)
def test_what_is_no_configuration_is_refused(content, told):
    with pytest.raises(ValidationFailed, match=told):
        read_document(content)


@pytest.mark.parametrize("given", [[], "x", None, 7])
def test_a_document_is_an_object(actor, given):
    with pytest.raises(ValidationFailed, match="one object"):
        import_document(actor=actor, document=given)


def test_who_may_not_configure_is_refused(actor_for):
    for role in (Role.AGENT, Role.AUDITOR):
        with pytest.raises(NotPermitted):
            import_document(actor=actor_for(role), document=document(ONE_OF_EACH[0]))
    with pytest.raises(NotPermitted):
        export_document(actor=actor_for(Role.AGENT))
    assert export_document(actor=actor_for(Role.AUDITOR))["business_lines"] == []
