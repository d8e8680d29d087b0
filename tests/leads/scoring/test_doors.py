"""Score rules in the console, in the configuration file, by API, in exports, and on the lead's page."""

import pytest
from django.urls import reverse

from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from leads.models import ScoreRule
from leads.presentation import LeadReader, list_columns
from leads.queries.lead_list import LeadListQuery, iterate_leads
from tests.console.pages import read_form, rows_of_rule
from tests.leads.scoring.conftest import GOOD_CREDIT, RICH, run_renewal


@pytest.fixture
def operations(desk, client_for):
    return client_for(desk.operations)


RICH_OR_KNOWN = rows_of_rule(("income", "gte", "500000"), ("source", "in", "Website", "Referral"))


def typed(desk, *, rows=RICH_OR_KNOWN, **changes):
    return {"line": desk.line.pk, "name": "Rich in Pune", "position": 1, "is_active": "on", **rows,
            "points": "25", **changes}  # fmt: skip


def test_a_rule_is_made_changed_and_tried_in_the_console(desk, operations):
    made = operations.post(reverse("admin:leads_scorerule_add"), typed(desk))
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = ScoreRule.objects.get()
    assert rule.condition == {
        "all": [
            {"field": "income", "op": "gte", "value": "500000"},
            {"field": "source", "op": "in", "value": ["Website", "Referral"]},
        ]
    }
    desk.rule("Off", -3, is_active=False)
    lead = desk.lead(income="600000", attributes={"source": "referral"})
    desk.lead(income="600000")
    assert lead.score == 25
    address = reverse("admin:leads_scorerule_change", args=[rule.pk])
    page = operations.get(address)
    assert read_form(page, "scorerule_form")[0]["condition-0.1-value"] == ["Website", "Referral"]
    for wrong, told in (
        ({"rows": rows_of_rule(("wages", "gte", "5"))}, "There is no field"),
        ({"condition": '{"field": "full_name", "op": "within_days", "value": 3}'}, "does not suit"),
        ({"points": "0"}, "Write a whole number"),
    ):
        assert told in operations.post(address, typed(desk, **wrong)).content.decode()
    trial = reverse("admin:leads_scorerule_try_it", args=[rule.pk])
    page = operations.get(trial, {"lead": lead.reference}).content.decode()
    assert f"By the rules in use {lead.reference} has 25 points" in page
    assert "Income is at least 500000 and Source is Website or Referral" in page
    assert "No lead has such a reference" in operations.get(trial, {"lead": "?"}).content.decode()
    assert operations.post(address, typed(desk, points="30")).status_code == 302
    assert "being scored anew: 0 of" in operations.get(trial).content.decode()
    run_renewal()
    lead.refresh_from_db()
    assert lead.score == 30
    again = reverse("admin:leads_scorerule_renew", args=[rule.pk])
    assert operations.post(again).status_code == 302
    assert run_renewal().result == {"leads": 2, "changed": 0}


def test_rules_go_out_and_come_in_unchanged(desk):
    desk.rule("Rich", 20, {"not": {"field": "income", "op": "lt", "value": "500000"}}, position=2)
    desk.rule("Everybody", -5)
    document = export_document(actor=desk.operations, sections=["business_lines", "score_rules"])
    assert [item["name"] for item in document["score_rules"]] == ["Everybody", "Rich"]
    again = import_document(actor=desk.operations, document=document)
    assert (again.created, again.changed) == (0, 0)
    document["business_lines"][0]["score_bounded"] = True
    document["score_rules"][0] |= {"points": 7, "active": False}
    report = import_document(actor=desk.operations, document=document, dry_run=True)
    assert report.changed == 2 and ScoreRule.objects.get(name="Everybody").points == -5
    import_document(actor=desk.operations, document=document)
    rule = ScoreRule.objects.get(name="Everybody")
    assert (rule.points, rule.is_active, desk.line_now().score_bounded) == (7, False, True)
    document["score_rules"][0] |= {"points": True}
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=desk.operations, document=document)
    assert list(refused.value.fields) == ["score_rules[0].points"]


def test_a_call_and_the_page_say_why(desk, client_for):
    desk.rule("Wealthy", 30, RICH)
    desk.rule("Locals", 5, {"field": "town", "op": "eq", "value": "Pune"})
    lead = desk.lead(by=desk.agent, income="600000")
    why, page = f"/api/v1/leads/{lead.reference}/why", reverse("leads:detail", args=[lead.reference])
    agent = client_for(desk.agent)
    told = agent.get(why).json()["score"]
    assert (told["total"], told["has_others"], told["is_current"]) == (30, False, True)
    assert [(each["rule"], each["is_met"]) for each in told["reasons"]] == [
        ("Wealthy", True),
        ("Locals", False),
    ]
    shown = agent.get(page).content.decode()
    assert "Wealthy" in shown and "+30" in shown and "1 rule is not met" in shown
    desk.rule("Sound creditors", 12, GOOD_CREDIT)
    assert "worked out anew" not in agent.get(page).content.decode()
    run_renewal()
    told = agent.get(why).json()["score"]
    assert (told["total"], told["has_others"], told["is_current"]) == (None, True, None)
    shown = agent.get(page).content.decode()
    assert "Depends on something that your role does not see" in shown and "Sound creditors" not in shown
    listed = f"/api/v1/leads?line={desk.line.code}"
    assert agent.get(f"{listed}&score__gte=1").status_code == 400
    assert agent.get(f"{listed}&ordering=-score").status_code == 400
    operations = client_for(desk.operations)
    assert [
        each["score"] for each in operations.get(f"{listed}&score__gte=1&ordering=-score").json()["results"]
    ] == [30]
    assert agent.get(listed).json()["results"][0]["score"] is None


def test_an_export_has_what_its_reader_may_know(desk):
    desk.rule("Wealthy", 30, RICH)
    desk.rule("Sound creditors", 12, GOOD_CREDIT)
    desk.lead(by=desk.agent, income="600000")
    cells = {}
    for actor in (desk.agent, desk.operations):
        column = next(each for each in list_columns(actor, desk.line_now()) if each.key == "score")
        reader = LeadReader(actor)
        cells[actor] = [
            reader.cell(each, column) for each in iterate_leads(actor, LeadListQuery(desk.line_now()))
        ]
    assert (cells[desk.agent], cells[desk.operations]) == (["••••"], [30])
