"""Which new leads of a source are taken, through every door."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.errors import NotPermitted, ValidationFailed
from core.jobs import run_job_inline
from core.models import IntakeRow
from core.services.intakes import check_intake, correct_rows, roll_back_intake
from leads.models import AcceptanceCount, Lead, LeadAdmission, SubmissionOutcome
from leads.queries.form_links import form_link_scope
from leads.services.accepting import (
    SourceClosed,
    SourceFull,
    SourceRefused,
    create_acceptance_rule,
    update_acceptance_rule,
)
from leads.services.accepting.gate import used_places
from leads.services.batches import NewEnquiry, create_leads
from leads.services.form_links import create_form_link
from leads.services.form_submissions import FilledForm, accept_submission, submit_form
from tests.leads.accepting.conftest import RICH


def today(desk):
    return timezone.now().astimezone(desk.operations.organization.zone).date()


def taken(rule):
    return sum(AcceptanceCount.objects.filter(rule=rule).values_list("taken", flat=True))


def test_a_condition_keeps_out_what_does_not_fit_and_says_so(desk):
    desk.rule(condition=RICH, message="We take loans of people with five lakh or more.")
    assert desk.create(income="500000").is_new
    assert desk.create("Referral", income="1").is_new
    with pytest.raises(SourceRefused) as refused:
        desk.create(income="400000")
    assert refused.value.message == "We take loans of people with five lakh or more."
    assert refused.value.fields["source"][0].code == "refused"
    assert desk.count() == 1


def test_a_source_takes_leads_on_its_days_unless_it_is_paused(desk):
    rule = desk.rule(line=None, accepts_from=today(desk), accepts_until=today(desk))
    assert desk.create().is_new
    for settings in (
        {"is_paused": True},
        {"is_paused": False, "accepts_from": today(desk) + timedelta(days=1), "accepts_until": None},
        {"accepts_from": None, "accepts_until": today(desk) - timedelta(days=1)},
    ):
        update_acceptance_rule(actor=desk.operations, rule=rule, **settings)
        with pytest.raises(SourceClosed):
            desk.create()
    update_acceptance_rule(actor=desk.operations, rule=rule, is_active=False)
    assert desk.create().is_new


def test_the_day_of_a_cap_begins_at_midnight_in_the_organisation(desk, monkeypatch):
    rule = desk.rule(daily_cap=1, monthly_cap=2)
    # 18:29 and 18:31 UTC are a minute before and after midnight in Kolkata.
    clock = [datetime(2026, 5, 30, 18, 29, tzinfo=UTC)]
    monkeypatch.setattr("leads.services.accepting.gate.timezone.now", lambda: clock[0])
    assert desk.create().is_new
    with pytest.raises(SourceFull) as full:
        desk.create()
    assert full.value.wait == 60
    clock[0] += timedelta(minutes=2)
    assert desk.create().is_new
    with pytest.raises(SourceFull) as full:
        desk.create()
    # The month is full: all of the 31st has to pass.
    assert full.value.wait == 24 * 3600 - 60
    clock[0] += timedelta(days=1)
    assert desk.create().is_new
    assert used_places([rule.pk], clock[0].astimezone(desk.operations.organization.zone).date()) == {
        rule.pk: (1, 1)
    }


def test_repeats_and_refusals_take_no_place(desk):
    rule = desk.rule(daily_cap=2)
    phone = desk.values()["mobile"]
    assert desk.create(mobile=phone).is_new
    for _ in range(3):
        assert not desk.create(mobile=phone).is_new
    with pytest.raises(ValidationFailed):
        desk.create(mobile="12")
    assert taken(rule) == 1
    assert desk.create().is_new
    # A repeat is counted though the source is full.
    assert desk.create(mobile=phone).repeats is not None
    with pytest.raises(SourceFull):
        desk.create()
    assert (taken(rule), LeadAdmission.objects.count()) == (2, 2)


def test_a_rule_of_all_lines_counts_them_together_and_every_rule_must_agree(desk):
    both = desk.rule("All together", line=None, daily_cap=2)
    large = desk.rule("Large", condition=RICH, daily_cap=1)
    assert desk.create(income="600000").is_new
    with pytest.raises(SourceFull):
        desk.create(income="600000")
    with pytest.raises(SourceRefused):
        desk.create(income="1")
    assert (taken(both), taken(large)) == (1, 1)


def test_a_batch_is_taken_until_the_source_is_full(desk):
    desk.rule(condition=RICH, daily_cap=3)
    incomes = ["600000", "1", "600000", "600000", "600000", "600000"]
    enquiries = [NewEnquiry(desk.line, desk.values(income=each), {"source": "Website"}) for each in incomes]
    # The last repeats the fourth, which is refused: so it is judged as new, and refused as well.
    enquiries.append(NewEnquiry(desk.line, dict(enquiries[4].values), {"source": "Website"}))
    results = create_leads(actor=desk.operations, enquiries=enquiries)
    codes = [each.error.code if each.error else each.result.value for each in results]
    assert codes == [
        "created", "source_refused", "created", "created", "source_cap", "source_cap", "source_cap",
    ]  # fmt: skip
    assert [each.error.status for each in results if each.error] == [409, 429, 429, 429]


def test_a_thousand_leads_are_judged_by_a_few_statements(desk):
    desk.rule(condition=RICH, daily_cap=600, monthly_cap=900)

    def statements(number):
        enquiries = [
            NewEnquiry(desk.line, desk.values(income="600000"), {"source": "Website"}) for _ in range(number)
        ]
        with CaptureQueriesContext(connection) as queries:
            create_leads(actor=desk.operations, enquiries=enquiries)
        return len(queries)

    assert statements(1_000) < 40
    assert desk.count() == 600


def test_a_file_keeps_what_is_refused_to_be_corrected_and_its_rollback_frees_the_places(desk):
    rule = desk.rule(condition=RICH, daily_cap=4)
    content = desk.file(6) + b"\n" + desk.file(2, income="1").split(b"\n", 1)[1]
    rehearsed = desk.receive(content)
    run_job_inline(check_intake(actor=desk.operations, intake_id=rehearsed.pk, inline=True))
    rehearsed.refresh_from_db()
    told = {"source:cap": 2, "source:refused": 2}
    assert rehearsed.check_result["reasons"] == told and taken(rule) == 0
    intake = desk.load(content)
    assert (intake.accepted, intake.rejected, intake.reasons) == (4, 4, told)
    assert desk.count() == taken(rule) == 4
    update_acceptance_rule(actor=desk.operations, rule=rule, daily_cap=5)
    rows = list(IntakeRow.objects.filter(intake=intake).order_by("number"))
    assert rows[0].reasons[0]["field"] == "source" and "4 leads of today" in rows[0].reasons[0]["message"]
    outcomes = correct_rows(
        actor=desk.operations,
        intake_id=intake.pk,
        cells={row.number: {2: "700000"} for row in rows},
    )
    assert sorted(outcome.result for outcome in outcomes.values()) == [
        "accepted", "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert taken(rule) == 5
    kept = Lead.objects.filter(source=desk.source).first()
    assert kept is not None and desk.create("Referral").is_new
    run_job_inline(roll_back_intake(actor=desk.operations, intake_id=intake.pk, inline=True))
    assert (taken(rule), LeadAdmission.objects.count(), desk.count()) == (0, 0, 0)
    assert desk.create(income="800000").is_new


def test_a_source_that_a_file_makes_has_no_rules_and_one_with_rules_stays(desk):
    desk.rule(daily_cap=1)
    intake = desk.load(desk.file(3, source="A new one"))
    assert intake.accepted == 3


def test_a_form_holds_what_its_source_refuses_and_operations_let_it_in(desk):
    rule = desk.rule(daily_cap=1)
    link = create_form_link(actor=desk.operations, line=desk.line, source=desk.source, title="Ask")
    sent = [FilledForm(desk.values(), f"press {n}") for n in range(2)]
    with form_link_scope(link):
        first, second = (submit_form(link=link, sent=each) for each in sent)
    assert (first.outcome, second.outcome) == (SubmissionOutcome.CREATED, SubmissionOutcome.HELD)
    assert second.suspicions == ["source:cap"] and second.values
    accepted = accept_submission(actor=desk.operations, submission=second)
    assert accepted.outcome == SubmissionOutcome.CREATED
    assert taken(rule) == desk.count() == 2


def test_page_and_api_tell_the_sender(desk, client_for):
    desk.rule(daily_cap=1, message="Thank you, we have enough for today.")
    assert desk.create().is_new
    page = client_for(desk.operations).post(
        reverse("leads:new") + "?line=loan",
        {"field-full_name": "Ravi", "field-mobile": "98450 77777", "source": "Website"},
    )
    assert page.status_code == 422 and "Thank you, we have enough for today." in page.content.decode()
    api = client_for(desk.operations)
    body = {"line": "loan", "data": desk.values(), "source": "website"}
    answer = api.post("/api/v1/leads", body, "application/json")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert answer.json()["errors"][0]["code"] == "source_cap"
    batch = api.post("/api/v1/leads/batch", {"leads": [body]}, "application/json")
    assert batch.json()["results"][0]["status"] == 429
    assert desk.count() == 1


def test_what_is_wrong_with_a_rule_is_told_by_setting(desk):
    desk.rule("Taken")
    with pytest.raises(ValidationFailed) as refused:
        desk.rule(
            " Taken ", line=None, condition=RICH, daily_cap=0, accepts_from=today(desk),
            accepts_until=today(desk) - timedelta(days=1), message="x" * 301,
        )  # fmt: skip
    assert set(refused.value.fields) == {"name", "condition", "daily_cap", "accepts_until", "message"}
    with pytest.raises(ValidationFailed) as unknown:
        desk.rule(condition={"field": "wages", "op": "gte", "value": "5"})
    assert list(unknown.value.fields) == ["condition.field"]
    with pytest.raises(NotPermitted):
        create_acceptance_rule(actor=desk.agent, source=desk.source, name="Mine")
