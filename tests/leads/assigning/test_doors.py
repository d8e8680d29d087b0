"""Rules in the console, in the configuration file, by API, and on the lead's page."""

import pytest
from django.urls import reverse

from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from leads.models import AssignmentRule
from tests.console.pages import read_form, rows_of_rule
from tests.leads.assigning.conftest import number


@pytest.fixture
def operations(office, client_for):
    return client_for(office.operations)


LARGE_IN_PUNE = rows_of_rule(("income", "gte", "500000"), ("town", "in", "Pune, Mumbai"))


def typed(office, *, rows=LARGE_IN_PUNE, **changes):
    return {
        "line": office.line.pk, "name": "Large in Pune", "position": 1, "is_active": "on", **rows,
        "places": "", "method": "weighted",
        "people": office.ids[:2], "team": "", "weights": f"{office.agents[0].user.email} 3", **changes,
    }  # fmt: skip


def test_a_rule_is_made_changed_and_tried_in_the_console(office, operations):
    made = operations.post(reverse("admin:leads_assignmentrule_add"), typed(office))
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = AssignmentRule.objects.get()
    assert rule.condition == {
        "all": [
            {"field": "income", "op": "gte", "value": "500000"},
            {"field": "town", "op": "in", "value": ["Pune", "Mumbai"]},
        ]
    }
    assert dict(zip(rule.people, rule.weights, strict=True)) == {office.ids[0]: 3, office.ids[1]: 1}
    owners = [office.lead(income="600000", town="Pune").owner_id for _ in range(4)]
    assert owners.count(office.ids[0]) == 3
    address = reverse("admin:leads_assignmentrule_change", args=[rule.pk])
    page = operations.get(address)
    assert read_form(page, "assignmentrule_form")[0]["condition-0.0-value"] == ["500000"]
    assert f"{office.agents[0].user.email} 3" in page.content.decode()
    assert "Income is at least 500000 and Town is Pune or Mumbai" in page.content.decode()
    wrong = operations.post(address, typed(office, rows=rows_of_rule(("income", "gte", "much"))))
    assert 'id="condition-0.0-problem"' in wrong.content.decode()
    unknown = operations.post(address, typed(office, rows=rows_of_rule(("wages", "gte", "5"))))
    assert "There is no field" in unknown.content.decode()
    rule.refresh_from_db()
    assert len(rule.condition["all"]) == 2
    tried = operations.get(reverse("admin:leads_assignmentrule_try_it", args=[rule.pk]))
    assert "It fits 4 of the newest 4 leads" in tried.content.decode()


def test_rules_go_out_and_come_in_unchanged(office):
    office.rule("Rich", condition={"not": {"field": "income", "op": "lt", "value": "500000"}}, position=2)
    office.rule("Pune", places=["Pune"], method="weighted", weights=[2, 1, 1], team=office.leader.membership)
    document = export_document(actor=office.operations, sections=["assignment_rules"])
    assert [item["name"] for item in document["assignment_rules"]] == ["Pune", "Rich"]
    again = import_document(actor=office.operations, document=document)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    document["assignment_rules"][0] |= {"places": ["Nagpur"], "people": ["nobody@example.com"]}
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=office.operations, document=document)
    assert list(refused.value.fields) == ["assignment_rules[0].people"]
    document["assignment_rules"][0]["people"] = [office.agents[0].user.email]
    document["assignment_rules"][0]["weights"] = []
    assert import_document(actor=office.operations, document=document).changed == 1
    pune = AssignmentRule.objects.get(name="Pune")
    assert (pune.places, pune.people) == (["nagpur"], office.ids[:1])


def test_a_call_assigns_by_rule_and_tells_why(office, client_for):
    lead = office.lead()
    api = client_for(office.operations)
    why, assign = f"/api/v1/leads/{lead.reference}/why", f"/api/v1/leads/{lead.reference}/assign"
    assert api.get(why).json() == {"assignment": None, "waiting": None, "score": None}
    assert api.post(assign, {"by": "rule"}, "application/json").status_code == 409
    assert api.post(assign, {"by": "rule", "owner": 1}, "application/json").status_code == 400
    assert api.post(assign, {}, "application/json").status_code == 400
    office.rule(people=office.ids[:1])
    assert api.post(assign, {"by": "rule"}, "application/json").status_code == 200
    told = api.get(why).json()["assignment"]
    assert (told["owner"], told["rule"], told["is_current"]) == (office.ids[0], "Everywhere", True)
    assert api.post(assign, {"owner": number(office.leader)}, "application/json").status_code == 200
    assert api.get(why).json()["assignment"]["is_current"] is False
    assert client_for(office.agents[1]).get(why).status_code == 404


def test_the_page_of_a_lead_says_why(office, operations):
    office.rule()
    lead = office.lead()
    page = operations.get(reverse("leads:detail", args=[lead.reference])).content.decode()
    assert "Agent 0 was next of 3 people" in page


def test_hours_caps_and_pin_codes_are_set_in_the_console_and_by_file(office_with_pins, client_for):
    office = office_with_pins
    client = client_for(office.operations)
    changes = {"places": "560\n411 001\nMysuru", "only_at_work": "on", "daily_cap": "0", "rows": {}}
    address = reverse("admin:leads_assignmentrule_add")
    assert "whole number from 1" in client.post(address, typed(office, **changes)).content.decode()
    made = client.post(address, typed(office, **changes | {"daily_cap": "20"}))
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = AssignmentRule.objects.get()
    assert (rule.places, rule.only_at_work, rule.daily_cap) == (["560", "411001", "mysuru"], True, 20)
    limit = reverse("admin:leads_assignmentlimit_add")
    assert client.post(limit, {"membership": office.ids[0], "daily_cap": "9"}).status_code == 302
    assert "already" in client.post(limit, {"membership": office.ids[0], "daily_cap": "9"}).content.decode()
    names = ["assignment_rules", "assignment_limits"]
    document = export_document(actor=office.operations, sections=names)
    [written] = document["assignment_rules"]
    assert (written["only_at_work"], written["daily_cap"], "pin_field" in written) == (True, 20, False)
    assert document["assignment_limits"] == [{"person": office.agents[0].user.email, "daily_cap": 9}]
    again = import_document(actor=office.operations, document=document)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    written |= {"daily_cap": 30, "only_at_work": False, "pin_field": "pin_code"}
    document["assignment_limits"][0]["daily_cap"] = 8
    changed = import_document(actor=office.operations, document=document)
    assert changed.changed == 2
    assert [line["path"] for line in changed.diff] == [
        f"assignment_rules[{office.line.code}/Large in Pune].daily_cap",
        f"assignment_rules[{office.line.code}/Large in Pune].only_at_work",
        f"assignment_rules[{office.line.code}/Large in Pune].pin_field",
        f"assignment_limits[{office.agents[0].user.email}].daily_cap",
    ]
    document["assignment_limits"].append({"person": office.agents[1].user.email, "daily_cap": "many"})
    written["daily_cap"] = -1
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=office.operations, document=document)
    assert list(refused.value.fields) == ["assignment_rules[0].daily_cap", "assignment_limits[1]"]
