"""The builder makes rules of the one language; chips and addresses carry them."""

import json

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from leads.pages.lists.builder import Builder, Draft, Row, draft_of_rule, read_draft, rule_of
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads
from leads.services.tags import set_lead_tags
from tests.leads.lists.conftest import House

IN_PUNE = {"field": "data.town", "op": "eq", "value": "Pune"}
SURAT_OR_CAR = {
    "any": [
        {"field": "data.town", "op": "eq", "value": "Surat"},
        {"field": "data.kind", "op": "eq", "value": "car"},
    ]
}
RULES = [
    IN_PUNE,
    SURAT_OR_CAR,
    {"all": [IN_PUNE, SURAT_OR_CAR]},
    {"any": [IN_PUNE, {"all": [SURAT_OR_CAR["any"][0], SURAT_OR_CAR["any"][1]]}]},
    {"all": [{"field": "data.amount", "op": "between", "value": ["1000", "3000"]}, IN_PUNE]},
    {"field": "created", "op": "within_days", "value": 3},
    {"field": "data.mail", "op": "is_not_empty"},
    {"field": "tag", "op": "has_any", "value": ["Hot"]},
    {"field": "owner", "op": "in", "value": ["me"]},
    {"not": IN_PUNE},
    {"all": [{"not": IN_PUNE}, {"field": "status", "op": "in", "value": ["new", "closed"]}]},
]


def typed(catalog: Catalog, rule) -> QueryDict:
    """The form as a browser would send it back."""
    draft = draft_of_rule(rule)
    data = QueryDict(mutable=True)
    data["match"] = draft.match
    data.setlist("kept", [json.dumps(part) for part in draft.kept])
    for number, row in enumerate(draft.rows):
        data[f"c-{number}-field"], data[f"c-{number}-op"] = row.name, row.operator
        data[f"c-{number}-group"] = str(row.group)
        data.setlist(f"c-{number}-value", row.values)
    return data


@pytest.mark.parametrize("rule", RULES, ids=range(len(RULES)))
def test_a_rule_comes_back_from_the_form_as_it_went_in(house: House, rule) -> None:
    catalog = Catalog(house.agent, house.line)
    back = rule_of(read_draft(typed(catalog, rule), catalog), catalog)
    found = [
        {lead.reference for lead in list_leads(house.agent, LeadListQuery(house.line, conditions=each)).rows}
        for each in (rule, back)
    ]
    assert found[0] == found[1]
    assert back is not None


def test_the_page_adds_rows_tells_what_is_wrong_and_leads_to_the_list(house: House, client_for) -> None:
    client = client_for(house.agent)
    url = reverse("leads:conditions")
    begun = client.get(url, {"line": "loan", "status": "new", "search": "a"})
    assert [row["name"] for row in begun.context["rows"]] == ["status"]
    assert (
        client.get(url, {"line": "loan", "match": "all", f"c-{'9' * 5000}-field": "status"}).status_code
        == 200
    )
    form = {"line": "loan", "match": "all", "c-0-field": "data.amount", "c-0-op": "gte", "c-0-value": "much"}
    wrong = client.get(url, {**form, "do": "apply"})
    assert wrong.status_code == 422
    assert wrong.context["rows"][0]["problem"]
    assert b'value="much"' in wrong.content, "Nothing typed is lost."
    assert wrong.context["rows"][0]["is_slow"]
    more = client.get(url, {**form, "do": "add"})
    assert len(more.context["rows"]) == 2
    done = client.get(url, {**form, "c-0-value": "2000", "search": "", "columns": "stage", "do": "apply"})
    page = client.get(done["Location"])
    assert [row["name"] for row in page.context["rows"]] == ["Esha Roy", "Chitra Nair"]
    assert [(chip["name"], chip["value"]) for chip in page.context["chips"]] == [
        ("Amount wanted", "is at least ₹ 2,000.00")
    ] or page.context["chips"][0]["name"] == "Amount wanted"
    assert "Amount wanted" in page.context["slow_notes"][0]
    without = client.get(reverse("leads:list") + page.context["chips"][0]["remove_url"])
    assert len(without.context["rows"]) == 3
    assert [column["label"] for column in without.context["columns"]][3] == "Stage"


def test_a_hidden_field_is_neither_offered_nor_understood(house: House, client_for) -> None:
    client = client_for(house.agent)
    assert b"Secret margin" not in client.get(reverse("leads:conditions"), {"line": "loan"}).content
    rule = json.dumps({"field": "data.secret", "op": "gt", "value": 1})
    page = client.get(reverse("leads:list"), {"line": "loan", "rule": rule})
    assert page.status_code == 200
    assert page.context["problems"]
    assert client.get("/api/v1/leads", {"line": "loan", "rule": rule}).status_code == 400


@pytest.mark.parametrize(
    "rule", ["{", "[]", "7", '{"all": 3}', "[" * 3000, '{"any":[{"field":"x"}]}', "null"]
)
def test_what_is_no_rule_is_told(house: House, client_for, rule: str) -> None:
    client = client_for(house.agent)
    page = client.get(reverse("leads:list"), {"line": "loan", "rule": rule})
    assert page.status_code == 200
    assert page.context["problems"]
    assert client.get("/api/v1/leads", {"line": "loan", "rule": rule}).status_code == 400
    assert client.get(reverse("leads:conditions"), {"line": "loan", "rule": rule}).status_code == 200
    kept = {"line": "loan", "match": "all", "kept": rule, "do": "look"}
    assert client.get(reverse("leads:conditions"), kept).status_code == 200


def test_page_and_api_find_the_same_by_rule_and_tag(house: House, client_for) -> None:
    client = client_for(house.operations)
    for lead in house.leads[:3]:
        set_lead_tags(actor=house.operations, reference=lead.reference, tags=["Hot", "VIP"])
    set_lead_tags(actor=house.operations, reference=house.leads[0].reference, tags=["hot"])
    rule = json.dumps({"all": [{"field": "tag", "op": "has_all", "value": ["HOT", "vip"]}, IN_PUNE]})
    wanted = {lead.reference for lead in house.leads[1:3]}
    for given in ({"rule": rule}, {"tag": "vip"}, {"tag__has_all": "hot,vip"}):
        page = client.get(reverse("leads:list"), {"line": "loan", **given})
        call = client.get("/api/v1/leads", {"line": "loan", **given}).json()
        assert {row["reference"] for row in page.context["rows"]} == wanted
        assert {row["reference"] for row in call["results"]} == wanted
        assert call["results"][0]["tags"] == ["Hot", "VIP"]
        assert call["slow"] == [] or "rule" in given
    empty = client.get("/api/v1/leads", {"line": "loan", "tag__is_empty": "true"}).json()
    assert len(empty["results"]) == 3


def test_columns_stand_in_the_order_of_the_address_and_move_without_a_script(
    house: House, client_for
) -> None:
    client = client_for(house.agent)
    shown = {"line": "loan", "columns": ["data.amount", "stage", "data.town", "data.secret"]}
    page = client.get(reverse("leads:list"), shown)
    assert [c["label"] for c in page.context["columns"]][3:] == ["Amount wanted", "Stage", "Town", "Created"]
    moved = client.get(reverse("leads:list"), {**shown, "raise": "data.town"}, follow=True)
    assert [c["label"] for c in moved.context["columns"]][3:] == ["Amount wanted", "Town", "Stage", "Created"]
    assert "raise" not in moved.redirect_chain[0][0]


def test_what_a_field_fills_is_offered_once(house: House) -> None:
    """The lead's phone and the line's field for it hold the same; two names for it only ask which is meant."""

    def offered(*rows: Row) -> list[str]:
        groups = Builder(Catalog(house.agent, house.line), Draft(list(rows) or [Row()]), []).fields()
        return [name for _group, entries in groups for name, _label in entries]

    assert "data.mobile" in offered() and "phone" not in offered()
    assert "phone" in offered(Row("phone", "is_not_empty")), "A rule that is there keeps its name."


def test_the_address_of_a_search_has_no_gaps(house: House, client_for) -> None:
    asked = {
        "line": "loan",
        "search": "Asha",
        "status": "",
        "data.kind": "",
        "columns": ["stage", "data.town"],
    }
    parts = {"HX-Request": "true", "HX-Target": "leads"}
    page = client_for(house.agent).get(reverse("leads:list"), asked, headers=parts)
    assert page["HX-Push-Url"] == "/leads/?line=loan&search=Asha&columns=stage&columns=data.town"


def test_an_empty_organisation_is_told_its_first_steps(client_for, actor_for) -> None:
    operations = client_for(actor_for("operations"))
    page = operations.get(reverse("leads:list"))
    assert [step["is_done"] for step in page.context["steps"]] == [False] * 5
    assert b"Open a business line" in page.content
    assert b"First steps" not in client_for(actor_for("agent")).get(reverse("leads:list")).content
    upload = operations.get(reverse("leads:import_new")).content
    assert b"No business line is open yet" in upload and b'<input type="file"' not in upload


def test_the_checklist_goes_once_leads_are_there(house: House, client_for) -> None:
    client = client_for(house.operations)
    assert b"First steps" not in client.get(reverse("leads:list"), {"line": "loan"}).content
    Lead.objects.update(deleted_at=timezone.now())
    steps = client.get(reverse("leads:list"), {"line": "loan"}).context["steps"]
    assert [step["is_done"] for step in steps] == [True, True, False, False, False]
