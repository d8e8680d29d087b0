"""Data quality: what makes a lead incomplete, invalid or duplicated, and that each figure leads to its leads."""

import csv
from collections import Counter
from decimal import Decimal

import pytest

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import NotPermitted, ValidationFailed
from core.jobs import run_job_inline
from core.models import IntakeRow, Organization
from core.schedule import start_registered_work
from leads.models import BusinessLine, Field, Lead, LeadFlaw
from leads.queries.statistics.asking import Asked, LineFigures
from leads.queries.statistics.quality import line_quality
from leads.services.fields import update_field
from leads.services.leads import create_lead, withdraw_lead
from leads.services.lines import publish_line, update_line
from leads.services.statistics.judging import judge_quality
from tests.factories import make_actor
from tests.leads.lines.definitions import make_line
from tests.leads.loans import DATA, expected, load, make_loan_line
from tests.leads.statistics.conftest import listed

pytestmark = pytest.mark.usefixtures("in_organization")
FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name", "required": True},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone"},
    {"key": "age", "label": "Age", "type": "integer", "max": "99"},
    {"key": "works", "label": "Works", "type": "boolean"},
    {"key": "employer", "label": "Employer", "type": "text",
     "visible_if": {"field": "works", "op": "eq", "value": True}},
    {"key": "secret", "label": "Secret", "type": "text", "visible_to": ["admin"]},
]  # fmt: skip


def matching_line(actor: Actor, code: str, **settings) -> BusinessLine:
    line = make_line(actor, FIELDS, code=code)
    update_line(actor=actor, line=line, duplicate_match=["phone"], **settings)
    line.refresh_from_db()
    return line


@pytest.fixture
def line(operations: Actor) -> BusinessLine:
    return matching_line(operations, "loans")


def capture(actor: Actor, line: BusinessLine, source: str = "", **values) -> Lead:
    result = create_lead(
        actor=actor, line=line, values=values, attributes={"source": source} if source else {}
    )
    return result.lead or result.repeats


def judged(actor: Actor, line: BusinessLine, reader: Actor | None = None) -> dict:
    run_job_inline(judge_quality(actor=actor, line=line))
    line.refresh_from_db()
    return line_quality(LineFigures(reader or actor, line, Asked()))


def check_links(actor: Actor, line: BusinessLine, quality: dict) -> None:
    """Every number is that of the list it leads to."""
    for told in [quality, *quality["by_source"], *quality["by_month"]]:
        assert listed(actor, line, told["good"]["filters"]) == told["good"]["count"]
        for part in ("complete", "valid", "unduplicated"):
            assert listed(actor, line, told[part]["filters"]) == told[part]["flawed"], part
    for reason in quality["reasons"]:
        assert listed(actor, line, reason["filters"]) == reason["count"], reason


def test_each_kind_of_flaw_is_told_once_and_leads_to_its_leads(operations, line):
    update_line(actor=operations, line=line, complete_fields=["mobile", "employer"])
    capture(operations, line, "Website", full_name="Asha", mobile="9845012345", age=130 - 50)
    capture(operations, line, "Website", full_name="Ravi", mobile="9845012346", works=True)
    capture(operations, line, full_name="Meera", age=90)
    repeated = capture(operations, line, full_name="Vikram", mobile="9845012347")
    capture(operations, line, full_name="Vikram again", mobile="9845012347")
    update_field(actor=operations, field=Field.objects.get(line=line, key="age"), changes={"max": "60"})
    publish_line(actor=operations, line=line)
    line.refresh_from_db()
    capture(operations, line, full_name="Divya", mobile="9845012348", age=60)

    quality = judged(operations, line)

    reasons = {each["reason"]: each["count"] for each in quality["reasons"]}
    assert reasons == {"mobile:required": 1, "employer:required": 1, "age:max": 2, "lead:repeat_enquiry": 1}
    assert quality["leads"] == 5
    assert quality["good"] == {**quality["good"], "count": 1, "share": "20.0"}
    assert [quality[part]["flawed"] for part in ("complete", "valid", "unduplicated")] == [2, 2, 1]
    assert not quality["meets_target"]
    by_source = {each["label"]: (each["leads"], each["good"]["count"]) for each in quality["by_source"]}
    assert by_source == {"Website": (2, 0), "No source": (3, 1)}
    check_links(operations, line, quality)
    assert repeated.repeat_enquiries == 0  # it was counted later, so the job looked at what is there now


def test_required_fields_make_a_lead_complete_unless_the_line_says_which(operations, line):
    capture(operations, line, full_name="Asha")
    assert judged(operations, line)["good"]["share"] == "100.0"

    update_line(actor=operations, line=line, complete_fields=["mobile"], quality_target=Decimal("40"))
    line.refresh_from_db()
    assert not line_quality(LineFigures(operations, line, Asked()))["is_current"]
    capture(operations, line, full_name="Ravi", mobile="9845012346")
    quality = judged(operations, line)

    assert (quality["good"]["share"], quality["target"], quality["meets_target"]) == ("50.0", "40", True)
    with pytest.raises(ValidationFailed, match="no field “phone”"):
        update_line(actor=operations, line=line, complete_fields=["phone"])


def test_leads_that_share_a_key_where_repeats_are_created(operations):
    line = matching_line(operations, "twice", on_duplicate="create")
    for name in ("Asha", "Asha too", "Asha three"):
        capture(operations, line, full_name=name, mobile="9845012345")

    quality = judged(operations, line)

    assert quality["unduplicated"]["flawed"] == 2
    assert [each["reason"] for each in quality["reasons"]] == ["phone:duplicate"]
    check_links(operations, line, quality)


def test_only_what_was_written_since_is_judged_again_and_withdrawn_leads_do_not_count(
    operations, line, monkeypatch
):
    import leads.services.statistics.judging as judging

    first = capture(operations, line, full_name="Asha")
    judged(operations, line)
    monkeypatch.setattr(judging, "OVERLAP", judging.dt.timedelta())
    capture(operations, line, full_name="Ravi")
    job = run_job_inline(judge_quality(actor=operations, line=line))
    assert job.result == {"leads": 1}

    withdraw_lead(actor=operations, reference=first.reference)
    quality = line_quality(LineFigures(operations, line, Asked()))
    assert quality["leads"] == quality["good"]["count"] == 1


def test_an_agent_sees_the_quality_of_own_leads_and_nothing_of_hidden_fields(
    organization: Organization, operations, line
):
    agent = make_actor(organization, Role.AGENT)
    update_line(actor=operations, line=line, complete_fields=["secret", "mobile"])
    capture(agent, line, full_name="Asha", mobile="9845012345")
    capture(operations, line, full_name="Ravi")

    quality = judged(operations, line, reader=agent)

    assert quality["leads"] == 1
    assert quality["reasons"] == []
    assert not any("Secret" in sentence for sentence in quality["how"])
    assert quality["imports"] is None
    assert listed(agent, line, {"flaw": "secret:required"}) == 0
    admin = make_actor(organization, Role.ADMIN)
    told = line_quality(LineFigures(admin, line, Asked()))
    assert {each["reason"]: each["count"] for each in told["reasons"]} == {
        "secret:required": 2,
        "mobile:required": 1,
    }
    with pytest.raises(NotPermitted):
        judge_quality(actor=agent, line=line)


def test_rows_of_imports_count_by_source_and_file(operations):
    line = make_loan_line(operations)
    intake = load(operations, DATA / "loan_leads.csv")

    quality = judged(operations, line)

    assert quality["leads"] == expected()["accepted"] == Lead.objects.filter(line=line).count()
    imports = quality["imports"]
    assert (imports["rejected"], imports["duplicate"]) == (expected()["rejected"], expected()["duplicate"])
    assert [each["import"] for each in imports["by_file"]] == [intake.pk]
    for name in ("rejected", "duplicate"):
        assert sum(each[name] for each in imports["by_source"]) == imports[name]
    with (DATA / "loan_leads.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    kept = IntakeRow.objects.filter(intake=intake, state__in=["rejected", "duplicate"])
    rows = kept.values_list("number", "state")
    told = Counter((lines[number - 2]["Source"].strip(), state) for number, state in rows)
    for each in imports["by_source"]:
        assert told[each["source"], "rejected"] == each["rejected"]
        assert told[each["source"], "duplicate"] == each["duplicate"]
    assert len(imports["by_source"]) > 1
    repeats = Lead.objects.filter(line=line, repeat_enquiries__gt=0).count()
    assert quality["unduplicated"]["flawed"] == repeats
    check_links(operations, line, quality)


def test_every_night_all_lines_are_judged_once(organization: Organization, operations, line):
    from datetime import timedelta

    from core.models import Job
    from leads.services.statistics.judging import JUDGE

    Organization.objects.filter(pk=organization.pk).update(
        created_at=organization.created_at - timedelta(days=3)
    )
    assert start_registered_work() >= 1
    start_registered_work()
    assert Job.objects.filter(kind=JUDGE, parameters__line=line.pk).count() == 1
    assert not LeadFlaw.objects.exists()
