"""What each caller sees and may do by API: rows by role and reporting tree, columns by field settings."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.actor import Actor
from accounts.roles import Area, Level, Role
from accounts.services import narrow_access
from core.scope import organization_scope
from leads.models import BusinessLine, Lead
from leads.services.leads import create_lead
from leads.services.lines import update_line
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import errors_of, made_once, taken_back
from tests.leads.lines.definitions import make_line

SECRET_RULE = {"field": "margin", "op": "gte", "value": 5}
FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "required": True, "maps_to": "name"},
    {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
    {"key": "mail", "label": "Mail", "type": "email", "maps_to": "email", "pii": True},
    {"key": "pan", "label": "PAN", "type": "text", "pii": True, "unique": True, "indexed": True},
    {"key": "amount", "label": "Amount", "type": "money", "maps_to": "amount", "indexed": True},
    {"key": "margin", "label": "Secret margin", "type": "percent", "visible_to": ["admin"]},
    {"key": "bonus", "label": "Bonus", "type": "text", "visible_if": SECRET_RULE},
    {"key": "verdict", "label": "Verdict", "type": "text", "editable_by": ["operations"]},
]
PERSONAL = {"mobile": "+919845012345", "mail": "asha.rao@example.org", "pan": "ABCDE1234F"}
MASKED = {"mobile": "••••2345", "mail": "a•••@•••.org", "pan": "••••"}


class People:
    """An organisation with a lead of each person of a small team."""

    def __init__(self) -> None:
        self.organization = make_organization("people")
        self.admin = self.person(Role.ADMIN)
        self.operations = self.person(Role.OPERATIONS)
        self.finance = self.person(Role.FINANCE)
        self.auditor = self.person(Role.AUDITOR)
        self.leader = self.person(Role.TEAM_LEADER)
        self.agent = self.person(Role.AGENT, manager=self.leader)
        self.colleague = self.person(Role.AGENT)
        self.partner = self.person(Role.PARTNER)
        with organization_scope(self.organization):
            line = make_line(self.operations, FIELDS)
            self.line = update_line(actor=self.operations, line=line, duplicate_match=["mobile"])
            lead_of(self.agent, self.line, full_name="Asha Rao", amount="700", **PERSONAL)
            lead_of(self.colleague, self.line, full_name="Ravi Shah", mobile="9845099999")
            lead_of(self.leader, self.line, full_name="Divya Nair")
            lead_of(self.partner, self.line, full_name="Joe Partner")

    def person(self, *roles: Role, **attributes: Any) -> Actor:
        return make_actor(self.organization, *roles, **attributes)


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker) -> Iterator[People]:
    with made_once(django_db_blocker):
        yield People()


@pytest.fixture
def people(made) -> Iterator[People]:
    with taken_back(made.organization):
        yield made


def lead_of(owner: Actor, line: BusinessLine, **values: str) -> Lead:
    made = create_lead(actor=owner, line=line, values=values)
    assert made.lead is not None
    return made.lead


def reference_of(name: str) -> str:
    return Lead.objects.get(name=name).reference


def names(response) -> set[str]:
    assert response.status_code == 200, response.content
    return {lead["name"] for lead in response.json()["results"]}


EVERYBODY = {"Asha Rao", "Ravi Shah", "Divya Nair", "Joe Partner"}
SEEN = {
    "admin": EVERYBODY,
    "operations": EVERYBODY,
    "finance": EVERYBODY,
    "auditor": EVERYBODY,
    "leader": {"Asha Rao", "Divya Nair"},
    "agent": {"Asha Rao"},
    "colleague": {"Ravi Shah"},
    "partner": {"Joe Partner"},
}


@pytest.mark.parametrize("who", SEEN)
def test_each_role_lists_finds_and_reads_its_rows_alone(people, api_for, who):
    api = api_for(getattr(people, who))
    assert names(api.get("/leads")) == SEEN[who]
    assert names(api.get("/leads", line="loan", ordering="data.amount")) == SEEN[who]
    assert names(api.get("/leads", search="a")) <= SEEN[who]
    for name in EVERYBODY:
        reference = reference_of(name)
        visible = name in SEEN[who]
        expected = 200 if visible else 404
        assert api.get(f"/leads/{reference}").status_code == expected
        assert api.get(f"/leads/{reference}/timeline").status_code == expected
        assert names(api.get("/leads", search=reference)) == ({name} if visible else set())


@pytest.mark.parametrize(
    ("who", "own", "other"),
    [
        ("admin", 200, 200),
        ("operations", 200, 200),
        ("leader", 200, 404),
        ("agent", 200, 404),
        ("colleague", 404, 200),
        ("finance", 403, 403),
        ("auditor", 403, 403),
        ("partner", 403, 403),
    ],
)
def test_each_role_changes_its_rows_alone(people, api_for, who, own, other):
    api = api_for(getattr(people, who))
    for name, expected in (("Asha Rao", own), ("Ravi Shah", other)):
        before = Lead.objects.get(name=name).status
        response = api.patch(f"/leads/{reference_of(name)}", {"status": "approved"})
        assert response.status_code == expected
        assert Lead.objects.get(name=name).status == ("approved" if expected == 200 else before)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("admin", 201),
        ("operations", 201),
        ("leader", 201),
        ("agent", 201),
        ("partner", 201),
        ("finance", 403),
        ("auditor", 403),
    ],
)
def test_who_captures_leads_owns_them(people, api_for, who, status):
    actor = getattr(people, who)
    response = api_for(actor).post("/leads", {"line": "loan", "data": {"full_name": "New One"}})
    assert response.status_code == status
    if status == 201:
        assert response.json()["owner"]["id"] == actor.membership.pk


def test_who_captures_leads_and_reads_none_learns_the_reference(people, api_for):
    narrow_access(actor=people.admin, role=Role.PARTNER, area=Area.LEADS, verb="read", level=Level.NONE)
    api = api_for(people.partner)
    response = api.post("/leads", {"line": "loan", "data": {"full_name": "Sent In"}})
    assert response.status_code == 201
    assert response.json() == {"reference": reference_of("Sent In")}
    assert api.get("/leads").status_code == 403
    assert api.get(f"/leads/{reference_of('Sent In')}").status_code == 403


@pytest.mark.parametrize("who", ["auditor", "finance", "partner"])
def test_personal_data_is_masked_for_who_may_not_change_the_lead(people, api_for, who):
    actor = getattr(people, who)
    if who == "partner":
        lead_of(actor, people.line, full_name="Asha Too", **{**PERSONAL, "mobile": "9845112345", "pan": "X"})
    name = "Asha Too" if who == "partner" else "Asha Rao"
    api = api_for(actor)
    lead = api.get(f"/leads/{reference_of(name)}").json()
    assert {key: lead["data"][key] for key in MASKED} == MASKED
    assert (lead["phone"], lead["email"], lead["name"]) == (MASKED["mobile"], MASKED["mail"], name)
    assert lead["masked"] == ["phone", "email", "data.mobile", "data.mail", "data.pan"]
    listed = next(each for each in api.get("/leads").json()["results"] if each["name"] == name)
    assert listed == lead


def test_personal_data_is_clear_for_who_may_change_the_lead(people, api_for):
    for actor in (people.agent, people.leader, people.operations, people.admin):
        lead = api_for(actor).get(f"/leads/{reference_of('Asha Rao')}").json()
        assert {key: lead["data"][key] for key in PERSONAL} == PERSONAL
        assert lead["masked"] == []


def test_the_timeline_masks_too(people, api_for):
    reference = reference_of("Asha Rao")
    api_for(people.agent).patch(f"/leads/{reference}", {"data": {"pan": "ZZZZZ9999Z", "amount": 5}})
    told = api_for(people.auditor).get(f"/leads/{reference}/timeline").content.decode()
    assert "₹" in told
    for secret in ("ABCDE1234F", "ZZZZZ9999Z", PERSONAL["mobile"], PERSONAL["mail"]):
        assert secret not in told
    assert "ZZZZZ9999Z" in api_for(people.agent).get(f"/leads/{reference}/timeline").content.decode()


@pytest.mark.parametrize(
    "name", ["data.mobile", "data.mail", "data.pan", "phone", "email", "data.margin", "data.no_such_field"]
)
def test_what_is_masked_or_hidden_is_neither_filtered_nor_ordered_by(people, api_for, name):
    api = api_for(people.auditor)
    for operator in ("", "__starts_with", "__is_empty"):
        response = api.get("/leads", line="loan", **{f"{name}{operator}": "+9198"})
        assert (response.status_code, errors_of(response)) == (400, [("unknown_filter", f"{name}{operator}")])
    ordered = api.get("/leads", line="loan", ordering=f"-{name}")
    assert (ordered.status_code, errors_of(ordered)) == (400, [("invalid_ordering", "ordering")])


@pytest.mark.parametrize("text", ["+919845012345", "12345", "asha.rao@example.org", "ABCDE1234F"])
def test_what_is_masked_is_not_found_by_search(people, api_for, text):
    assert names(api_for(people.auditor).get("/leads", search=text)) == set()
    assert names(api_for(people.agent).get("/leads", search=text)) == {"Asha Rao"}


def test_a_hidden_field_does_not_exist(people, api_for):
    admin, agent = api_for(people.admin), api_for(people.agent)
    reference = reference_of("Asha Rao")
    kept = admin.patch(f"/leads/{reference}", {"data": {"margin": "7.5", "bonus": "Gold"}}).json()
    assert kept["data"]["margin"] == "7.5000"
    for response in (
        agent.get(f"/leads/{reference}"),
        agent.get("/leads", line="loan"),
        agent.get("/lines/loan/schema"),
        agent.get(f"/leads/{reference}/timeline"),
        agent.post("/leads", {"line": "loan", "data": {"full_name": "A", "nothing": 1}}),
    ):
        assert "margin" not in response.content.decode()
    hidden, unknown = (
        agent.patch(f"/leads/{reference}", {"data": {key: 1}}) for key in ("margin", "nothing")
    )
    assert errors_of(hidden) == [("unknown_field", "data.margin")]
    assert errors_of(unknown) == [("unknown_field", "data.nothing")]
    texts = [response.json()["errors"][0]["detail"] for response in (hidden, unknown)]
    assert texts[0].replace("margin", "nothing") == texts[1]
    # What others see of the lead stays as it was.
    agent.patch(f"/leads/{reference}", {"data": {"amount": 900}})
    assert admin.get(f"/leads/{reference}").json()["data"]["margin"] == "7.5000"


def test_a_rule_about_a_hidden_field_is_not_told(people, api_for):
    bonus = api_for(people.agent).get("/lines/loan/schema").json()["properties"]["bonus"]
    assert bonus["x-visible-if"] == {"hidden": True}
    told = api_for(people.admin).get("/lines/loan/schema").json()["properties"]["bonus"]
    assert told["x-visible-if"] == SECRET_RULE


def test_a_field_of_other_roles_is_read_and_not_filled(people, api_for):
    agent = api_for(people.agent)
    assert agent.get("/lines/loan/schema").json()["properties"]["verdict"]["readOnly"] is True
    response = agent.patch(f"/leads/{reference_of('Asha Rao')}", {"data": {"verdict": "Yes"}})
    assert response.status_code == 403
    assert response.json()["errors"][0]["detail"] == "Your role may not fill Verdict."
    operations = api_for(people.operations)
    assert (
        operations.patch(f"/leads/{reference_of('Asha Rao')}", {"data": {"verdict": "Yes"}}).status_code
        == 200
    )


def test_a_problem_with_a_hidden_field_does_not_name_it(people, api_for):
    fields = [
        FIELDS[0],
        {"key": "limit", "label": "Limit", "type": "integer", "required": True, "visible_to": ["admin"]},
    ]
    make_line(people.operations, fields, code="closed")
    response = api_for(people.agent).post("/leads", {"line": "closed", "data": {"full_name": "A"}})
    assert response.status_code == 400
    assert errors_of(response) == [("hidden_field", "data")]
    assert "imit" not in response.content.decode().replace("request_id", "")


# Another organisation


@pytest.fixture
def stranger(people) -> Actor:
    """The administrator of another organisation, which has a line and a lead of its own."""
    stranger = make_actor(make_organization("rival"), Role.ADMIN)
    with organization_scope(stranger.organization):
        line = make_line(stranger, FIELDS, code="rival_line", name="Rival line")
        lead_of(stranger, line, full_name="Rival Lead", pan="RIVAL9999R", mobile="9845077777")
    return stranger


def test_nothing_of_another_organisation_is_reached(people, api_for, stranger):
    with organization_scope(stranger.organization):
        theirs = reference_of("Rival Lead")
    api = api_for(people.admin)
    for path in (f"/leads/{theirs}", f"/leads/{theirs}/timeline", "/lines/rival_line/schema"):
        assert api.get(path).status_code == 404
    assert api.patch(f"/leads/{theirs}", {"status": "closed"}).status_code == 404
    assert api.delete(f"/leads/{theirs}").status_code == 404
    owner = stranger.membership.pk
    for parameters in (
        {"search": theirs}, {"search": "Rival"}, {"search": "RIVAL9999R"}, {"search": "9845077777"},
        {"owner": owner}, {"owner__in": f"{owner},{owner}"},
    ):  # fmt: skip
        assert api.get("/leads", **parameters).json()["results"] == []
    for response in (
        api.get("/leads", line="rival_line"),
        api.post("/leads", {"line": "rival_line", "data": {"full_name": "A"}}),
    ):
        assert (response.status_code, errors_of(response)) == (400, [("choice", "line")])
    assert "ival" not in api.get("/leads").content.decode() + api.get("/lines").content.decode()


def test_a_cursor_of_another_organisation_opens_nothing(people, api_for, stranger):
    with organization_scope(stranger.organization):
        for number in range(3):
            lead_of(stranger, BusinessLine.objects.get(), full_name=f"Rival {number}")
    theirs = api_for(stranger).get("/leads", page_size=1).json()
    response = api_for(people.admin).get(theirs["next"])
    assert response.status_code == 200
    assert names(response) <= EVERYBODY


def test_a_value_taken_elsewhere_is_free_here(people, api_for, stranger):
    enquiry = {"line": "loan", "data": {"full_name": "Same", "pan": "RIVAL9999R", "mobile": "9845077777"}}
    assert api_for(people.agent).post("/leads", enquiry).status_code == 201


def test_sources_of_another_organisation_are_not_theirs_and_not_ours(people, api_for, stranger):
    ours = api_for(people.admin).create("loan", {"full_name": "A"}, source="Website")
    theirs = api_for(stranger).create("rival_line", {"full_name": "B"}, source="Website")
    assert (ours["source"], theirs["source"]) == ("Website", "Website")
    found = api_for(stranger).get("/leads", source="Website").json()
    assert json.dumps(found).count('"reference"') == 1
    assert found["results"][0]["reference"] == theirs["reference"]


def test_who_belongs_to_two_organisations_names_the_one_meant(people, api_for, stranger):
    here = people.person(Role.ADMIN, email=stranger.user.email)
    assert here.user == stranger.user
    api = api_for(here)
    unnamed = api.get("/leads")
    assert (unnamed.status_code, errors_of(unnamed)) == (400, [("tenant_required", None)])

    def named(slug: str) -> HttpResponse:
        return api.client.get("/api/v1/leads", headers={"X-Tenant-ID": slug})

    assert names(named(people.organization.slug)) == EVERYBODY
    assert names(named(stranger.organization.slug)) == {"Rival Lead"}
    assert named(make_organization("third").slug).status_code == 403
