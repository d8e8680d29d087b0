"""Acceptance rules in the console, in the configuration file and by API."""

import pytest
from django.urls import reverse

from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from leads.models import AcceptanceRule
from leads.services.accepting.trying import try_acceptance_rule
from tests.console.pages import read_form, rows_of_rule
from tests.leads.accepting.conftest import RICH


@pytest.fixture
def operations(desk, client_for):
    return client_for(desk.operations)


def test_a_rule_is_made_changed_paused_and_tried_in_the_console(desk, operations):
    typed = {
        "source": desk.source.pk, "line": desk.line.pk, "name": "From five lakh", "is_active": "on",
        **rows_of_rule(("income", "gte", "500000")), "message": "", "accepts_from": "", "accepts_until": "",
        "daily_cap": "3", "monthly_cap": "",
    }  # fmt: skip
    made = operations.post(reverse("admin:leads_acceptancerule_add"), typed)
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = AcceptanceRule.objects.get()
    assert (rule.condition, rule.daily_cap) == (RICH, 3)
    assert desk.create(income="600000").is_new
    page = operations.get(reverse("admin:leads_acceptancerule_changelist")).content.decode()
    assert "1 of 3, 2 left" in page and "500" in page
    address = reverse("admin:leads_acceptancerule_change", args=[rule.pk])
    page = operations.get(address)
    assert read_form(page, "acceptancerule_form")[0]["condition-0.0-op"] == ["gte"]
    wrong = operations.post(address, {**typed, **rows_of_rule(("income", "gte"))})
    assert "Write a value" in wrong.content.decode()
    wrong = operations.post(address, {**typed, "daily_cap": "0"})
    assert "Write a number of 1 or more" in wrong.content.decode()
    assert operations.post(address, {**typed, "daily_cap": "1"}).status_code == 302
    assert "Full" in operations.get(reverse("admin:leads_acceptancerule_changelist")).content.decode()
    paused = operations.post(reverse("admin:leads_acceptancerule_pause", args=[rule.pk]))
    rule.refresh_from_db()
    assert paused.status_code == 302 and rule.is_paused
    tried = operations.get(reverse("admin:leads_acceptancerule_try_it", args=[rule.pk]))
    assert "it would have taken 1" in tried.content.decode()
    assert "Full" not in operations.get(reverse("admin:leads_acceptancerule_changelist")).content.decode()


def test_a_trial_counts_days_by_their_caps_and_changes_nothing(desk):
    for income in ("1", "600000", "600000", "600000"):
        desk.create(income=income)
    rule = desk.rule(condition=RICH, daily_cap=2, is_paused=True)
    trial = try_acceptance_rule(desk.operations, rule)
    assert (trial.looked_at, trial.taken, trial.refused, trial.over_cap, trial.outside) == (4, 2, 1, 1, 0)
    assert not rule.counts.exists()


def test_rules_go_out_and_come_in_with_their_sources(desk):
    desk.rule("Rich", condition={"not": {"field": "income", "op": "lt", "value": "500000"}}, daily_cap=5)
    desk.rule("All", line=None, monthly_cap=90, message="Enough.", is_paused=True)
    document = export_document(actor=desk.operations, sections=["sources"])
    website = next(each for each in document["sources"] if each["name"] == "Website")
    assert [rule["name"] for rule in website["accepts"]] == ["Rich", "All"]
    assert website["accepts"][1] == {"name": "All", "paused": True, "message": "Enough.", "monthly_cap": 90}
    again = import_document(actor=desk.operations, document=document)
    assert (again.created, again.changed) == (0, 0)
    website["accepts"][0] |= {"until": "2026-13-01"}
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=desk.operations, document=document)
    assert list(refused.value.fields) == ["sources[0].accepts[0].until"]
    website["accepts"][0] |= {"until": "2030-12-31", "daily_cap": 7}
    website["accepts"].append({"name": "New", "from": "2026-04-01"})
    told = import_document(actor=desk.operations, document=document)
    assert (told.created, told.changed) == (1, 1)
    assert AcceptanceRule.objects.get(name="Rich").daily_cap == 7
    website["accepts"] = website["accepts"][:1]
    left = import_document(actor=desk.operations, document=document).left_alone
    assert "sources[0].accepts[New]" in left and AcceptanceRule.objects.count() == 3


def test_a_call_lists_rules_with_what_is_left(desk, operations, client_for):
    desk.rule(condition=RICH, daily_cap=2)
    desk.create(income="700000")
    found = operations.get("/api/v1/acceptance-rules").json()["results"]
    assert [(each["source"], each["line"], each["day"], each["month"]) for each in found] == [
        ("Website", "loan", {"cap": 2, "used": 1, "left": 1}, None)
    ]
    assert client_for(desk.agent).get("/api/v1/acceptance-rules").status_code == 403
