"""Rules for stalled leads in the console and in the configuration file; stalled leads on pages and by API."""

import pytest
from django.urls import reverse

from core.configuration import export_document, import_document
from core.errors import ValidationFailed
from leads.models import StallClock, StallRule
from leads.tasks import escalate_stalled_leads
from tests.leads.stalling.conftest import number


def typed(floor, **changes):
    return {"line": floor.line.pk, "name": "Silent", "position": 1, "is_active": "on", "trigger": "no_activity",
            "statuses": ["new", "in_progress"], "owner_after": "48 h", "leader_after": "90",
            "gives_to": "leader", "give_after": "3 d", **changes}  # fmt: skip


def test_a_rule_is_made_and_changed_in_the_console(floor, client_for):
    operations = client_for(floor.operations)
    made = operations.post(reverse("admin:leads_stallrule_add"), typed(floor))
    assert made.status_code == 302, made.context["adminform"].form.errors
    rule = StallRule.objects.get()
    assert (rule.owner_after, rule.leader_after, rule.give_after) == (2_880, 90, 4_320)
    listed = operations.get(reverse("admin:leads_stallrule_changelist")).content.decode()
    assert "owner after 2 days, leader 90 minutes later, given away 3 days later" in listed
    address = reverse("admin:leads_stallrule_change", args=[rule.pk])
    page = operations.get(address).content.decode()
    assert 'value="48 h"' in page and 'value="90 min"' in page and 'value="3 d"' in page
    for wrong, told in (
        ({"owner_after": "soon"}, "Write a time such as"),
        ({"stages": ["nowhere"]}, "nowhere is not one of the available choices"),
        ({"give_after": ""}, "Say both who gets it then"),
    ):
        assert told in operations.post(address, typed(floor, **wrong)).content.decode()
    changed = typed(floor, gives_to="nobody", give_after="", leader_after="", stages=["contacted"])
    assert operations.post(address, changed).status_code == 302
    rule.refresh_from_db()
    assert (rule.leader_after, rule.give_after, rule.stages) == (None, None, ["contacted"])
    listed = operations.get(reverse("admin:leads_stallrule_changelist")).content.decode()
    assert "New, In progress; in stage contacted" in listed


def test_rules_go_out_and_come_in_unchanged(floor):
    floor.rule(gives_to="rules", give_after=60, position=2)
    floor.rule("Uncalled", trigger="not_contacted", statuses=["new"], leader_after=None)
    document = export_document(actor=floor.operations, sections=["stall_rules"])
    assert [item["name"] for item in document["stall_rules"]] == ["Uncalled", "Silent"]
    again = import_document(actor=floor.operations, document=document)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    document["stall_rules"][0]["owner_after"] = 15
    assert import_document(actor=floor.operations, document=document).changed == 1
    assert StallRule.objects.get(name="Uncalled").owner_after == 15
    document["stall_rules"][0] |= {"statuses": "new"}
    with pytest.raises(ValidationFailed) as refused:
        import_document(actor=floor.operations, document=document)
    assert list(refused.value.fields) == ["stall_rules[0].statuses"]


def test_pages_and_calls_show_what_stalls(floor, client_for):
    floor.rule()
    lead, other = floor.lead(), floor.lead(by=floor.second)
    floor.after(hours=49)
    agent, leader = client_for(floor.agent), client_for(floor.leader)
    page = agent.get(reverse("leads:detail", args=[lead.reference])).content.decode()
    assert "Stalled" in page and "found the lead stalled, by the rule “Silent”" in page
    listed = agent.get(reverse("leads:list")).content.decode()
    assert '<span class="badge warn">Stalled</span>' in listed
    filtered = agent.get(reverse("leads:list"), {"stalled": "false"}).content.decode()
    assert lead.reference not in filtered and 'name="stalled"' in filtered
    today = leader.get(reverse("leads:today")).content.decode()
    assert lead.reference in today and other.reference in today and "Arun Iyer" in today
    assert "Bina Das" not in agent.get(reverse("leads:today")).content.decode()
    told = agent.get(reverse("leads:notifications")).content.decode()
    assert "found that this lead stalls" in told
    api = client_for(floor.leader)
    address = f"/api/v1/leads?line={floor.line.code}"
    found = api.get(f"{address}&stalled=true").json()["results"]
    assert {each["reference"] for each in found} == {lead.reference, other.reference}
    assert all(each["stalled_since"] for each in found)
    assert api.get(f"{address}&stalled=false").json()["results"] == []
    kinds = [each["kind"] for each in api.get(f"/api/v1/leads/{lead.reference}/timeline").json()["results"]]
    assert kinds == ["stalled", "created"]


def test_the_task_looks_everywhere(floor):
    floor.rule()
    floor.lead()
    floor.after(hours=47)
    escalate_stalled_leads()
    assert floor.steps() == []
    StallClock.objects.update(due_at="2020-01-01T00:00:00Z")
    escalate_stalled_leads()
    escalate_stalled_leads()
    assert floor.steps() == [("owner", number(floor.agent))]
