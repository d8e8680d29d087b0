"""Leads by API: written, read, changed, withdrawn, told."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from django.test import Client

from accounts.roles import Role
from core.scope import organization_scope, system_scope
from leads.models import Lead
from leads.services.lines import update_line
from tests.factories import make_actor, make_organization
from tests.leads.api.conftest import Api, errors_of
from tests.leads.lines.definitions import ONE_OF_EACH, make_line

MOMENT = dt.datetime(2026, 1, 15, 9, 30, tzinfo=dt.UTC)
EVERYTHING = {
    "full_name": " Asha  Rao ",
    "story": "Line one\r\nline two",
    "age": 42,
    "ratio": 0.125,
    "income": "₹ 1,25,000",
    "share": "12.5 %",
    "owns_home": "yes",
    "born": "14/03/1990",
    "called_at": "2026-01-14T10:00:00+05:30",
    "best_time": "2:30 PM",
    "mail": "Asha@Example.ORG",
    "mobile": "98450 12345",
    "site": "https://example.org/a",
    "kind": "salaried",
    "products": ["Car loan", "home"],
    "payload": {"a": [1, 2.5, None]},
    "employer": "Rao Textiles",
}
KEPT = {
    "full_name": "Asha  Rao",
    "story": "Line one\nline two",
    "age": "42",
    "ratio": "0.125",
    "income": "125000.00",
    "share": "12.5000",
    "owns_home": True,
    "born": "1990-03-14",
    "called_at": "2026-01-14T04:30:00+00:00",
    "best_time": "14:30:00",
    "mail": "Asha@example.org",
    "mobile": "+919845012345",
    "site": "https://example.org/a",
    "kind": "Salaried",
    "products": ["car", "Home"],
    "payload": {"a": [1, 2.5, None]},
    "yearly": "1500000.00",
    "employer": "Rao Textiles",
}


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


@pytest.fixture
def asha(api) -> str:
    """The reference of a lead."""
    return api.create("loan", {"full_name": "Asha Rao", "mobile": "98450 12345"}, source="Website")[
        "reference"
    ]


def test_an_enquiry_becomes_a_lead(api, operations):
    body = {"line": "loan", "data": EVERYTHING, "source": " Web  site ", "campaign": "Diwali"}
    with time_machine.travel(MOMENT, tick=False):
        response = api.post("/leads/", {**body, "status": "in_progress", "stage": "qualified"})
    assert response.status_code == 201
    lead = response.json()
    assert response["Location"] == f"http://testserver/api/v1/leads/{lead['reference']}"
    assert lead == {
        "reference": lead["reference"],
        "line": "loan",
        "version": 1,
        "name": "Asha  Rao",
        "phone": "+919845012345",
        "email": "Asha@example.org",
        "amount": None,
        "city": None,
        "region": None,
        "currency": "INR",
        "status": "in_progress",
        "stage": "qualified",
        "score": None,
        "stalled_since": None,
        "owner": {"id": operations.membership.pk, "name": "Meera Iyer"},
        "team": None,
        "source": "Web site",
        "campaign": "Diwali",
        "repeat_enquiries": 0,
        "tags": [],
        "data": KEPT,
        "masked": [],
        "created": "2026-01-15T09:30:00+00:00",
        "updated": "2026-01-15T09:30:00+00:00",
    }
    assert api.get(f"/leads/{lead['reference']}").json() == lead
    assert api.get("/leads").json()["results"] == [lead]


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_address_answers_with_and_without_a_slash(api, asha, slash):
    for path in ("/lines", "/lines/loan/schema", "/leads", f"/leads/{asha}", f"/leads/{asha}/timeline"):
        assert api.get(path + slash).status_code == 200, path
    assert api.patch(f"/leads/{asha}{slash}", {}).status_code == 200
    assert api.post(f"/leads{slash}", {}).status_code == 400
    assert api.delete(f"/leads/{asha}{slash}").status_code == 204


def test_all_problems_of_an_enquiry_are_told_at_once_with_their_place(api):
    response = api.post(
        "/leads", {"line": "loan", "data": {"full_name": " ", "age": 17, "mobile": "12", "kind": "Salaried"}}
    )
    assert response.status_code == 400
    body = response.json()
    assert body == {
        "type": "validation_error",
        "errors": [
            {"code": "required", "detail": "Full name is empty. Fill it in.", "attr": "data.full_name"},
            {"code": "min", "detail": "“17” is below the least that is allowed, 18.", "attr": "data.age"},
            {
                "code": "invalid_phone",
                "detail": "“12” is not a phone number. Write all its digits, such as +91 98765 43210.",
                "attr": "data.mobile",
            },
            {"code": "required", "detail": "Employer is empty. Fill it in.", "attr": "data.employer"},
        ],
        "request_id": response["X-Request-ID"],
    }


def test_a_repeat_is_a_conflict_that_names_the_lead_and_is_counted_there(api, asha):
    response = api.post(
        "/leads", {"line": "loan", "data": {"full_name": "A. Rao", "mobile": "+919845012345"}}
    )
    assert response.status_code == 409
    assert response.json() == {
        "type": "client_error",
        "errors": [
            {
                "code": "duplicate",
                "detail": f"This lead exists as {asha}. The enquiry was counted there.",
                "attr": None,
            }
        ],
        "reference": asha,
        "request_id": response["X-Request-ID"],
    }
    lead = api.get(f"/leads/{asha}").json()
    assert (lead["repeat_enquiries"], lead["name"]) == (1, "Asha Rao")


def test_a_repeat_of_a_lead_of_others_does_not_tell_which(api, asha, api_for, actor_for):
    response = api_for(actor_for(Role.AGENT)).post(
        "/leads", {"line": "loan", "data": {"full_name": "A. Rao", "mobile": "+919845012345"}}
    )
    assert response.status_code == 409
    assert errors_of(response) == [("duplicate", None)]
    assert response.json()["reference"] is None
    assert asha not in response.content.decode()
    assert "owned by another team" in response.json()["errors"][0]["detail"]
    assert api.get(f"/leads/{asha}").json()["repeat_enquiries"] == 1


def test_where_the_line_says_so_a_repeat_updates_the_lead(api, asha, line, operations, api_for, actor_for):
    update_line(actor=operations, line=line, on_duplicate="update")
    enquiry = {"line": "loan", "data": {"full_name": "Asha Rao-Shah", "mobile": "9845012345", "age": "42"}}
    response = api.post("/leads", enquiry)
    assert response.status_code == 200
    lead = response.json()
    assert (lead["reference"], lead["name"], lead["data"]["age"]) == (asha, "Asha Rao-Shah", "42")
    # Who may not change the lead does not update it.
    other = {**enquiry, "data": {**enquiry["data"], "full_name": "Mallory"}}
    assert api_for(actor_for(Role.AGENT)).post("/leads", other).status_code == 409
    assert api.get(f"/leads/{asha}").json()["name"] == "Asha Rao-Shah"


def test_a_change_touches_what_is_given_alone(api, asha):
    before = api.get(f"/leads/{asha}").json()
    response = api.patch(
        f"/leads/{asha}",
        {
            "status": "approved",
            "stage": "decision",
            "source": None,
            "campaign": "Holi",
            "data": {"income": 5},
        },
    )
    assert response.status_code == 200
    after = response.json()
    assert after == {
        **before,
        "status": "approved",
        "stage": "decision",
        "source": None,
        "campaign": "Holi",
        "data": {**before["data"], "income": "5.00", "yearly": "60.00"},
        "updated": after["updated"],
    }
    assert after["updated"] > before["updated"]
    assert api.get(f"/leads/{asha}").json() == after


def test_null_empties_a_field_and_what_came_back_may_be_sent_again(api):
    lead = api.create("loan", EVERYTHING)
    address = f"/leads/{lead['reference']}"
    assert api.patch(address, {"data": lead["data"]}).json()["data"] == lead["data"]
    emptied = api.patch(address, {"data": {"age": None, "income": None, "products": [], "story": ""}})
    gone = {"age", "income", "products", "story", "yearly"}
    assert emptied.json()["data"] == {key: value for key, value in KEPT.items() if key not in gone}
    assert errors_of(api.patch(address, {"data": {"full_name": None}})) == [("required", "data.full_name")]


def test_a_change_that_collides_with_another_lead_is_a_conflict(api, asha):
    other = api.create("loan", {"full_name": "Ravi", "mobile": "98450 99999"})
    response = api.patch(f"/leads/{other['reference']}", {"data": {"mobile": "98450 12345"}})
    assert response.status_code == 409
    assert errors_of(response) == [("duplicate", None)]
    assert api.get(f"/leads/{other['reference']}").json() == other


def test_a_withdrawn_lead_is_gone(api, asha):
    response = api.delete(f"/leads/{asha}")
    assert (response.status_code, response.content) == (204, b"")
    assert api.get(f"/leads/{asha}").status_code == 404
    assert api.get("/leads").json()["results"] == []
    assert api.delete(f"/leads/{asha}").status_code == 404
    assert api.patch(f"/leads/{asha}", {}).status_code == 404


def test_the_timeline_tells_what_happened_newest_first(api, asha):
    with time_machine.travel(MOMENT, tick=False):
        api.patch(f"/leads/{asha}", {"status": "approved", "data": {"income": "5"}})
    timeline = api.get(f"/leads/{asha}/timeline").json()
    changed, created = timeline.pop("results")
    assert timeline == {"next": None, "previous": None}
    assert changed["changes"] == [
        {"name": "status", "label": "Status", "old": "New", "new": "Approved"},
        {"name": "data.income", "label": "Income", "old": "₹ 0.00", "new": "₹ 5.00"},
        {"name": "data.yearly", "label": "Yearly", "old": "0.00", "new": "60.00"},
    ]
    assert (changed["kind"], changed["actor"], changed["text"]) == (
        "changed",
        "Meera Iyer",
        "changed the lead",
    )
    assert (created["kind"], created["changes"]) == ("created", [])
    assert dt.datetime.fromisoformat(created["at"]).tzinfo is not None


def test_a_timeline_is_paged_by_cursor(api, asha):
    for status in ("in_progress", "approved", "converted"):
        api.patch(f"/leads/{asha}", {"status": status})
    seen, page = [], api.get(f"/leads/{asha}/timeline", page_size=3).json()
    seen += page["results"]
    assert page["next"].startswith(f"http://testserver/api/v1/leads/{asha}/timeline?page_size=3&cursor=")
    page = api.get(page["next"]).json()
    seen += page["results"]
    assert page["next"] is None
    assert [entry["kind"] for entry in seen] == ["changed", "changed", "changed", "created"]
    wrong = api.get(f"/leads/{asha}/timeline", cursor="x", page_size=3)
    assert (wrong.status_code, errors_of(wrong)) == (400, [("invalid_cursor", "cursor")])


def test_a_list_is_paged_there_and_back(api):
    names = [f"Person {number}" for number in range(7)]
    for name in names:
        api.create("loan", {"full_name": name})
    page = api.get("/leads", line="loan", page_size=3).json()
    pages = [page]
    while page["next"]:
        page = api.get(page["next"]).json()
        pages.append(page)
    assert [lead["name"] for page in pages for lead in page["results"]] == names[::-1]
    assert [len(page["results"]) for page in pages] == [3, 3, 1]
    assert [page["count"] for page in pages] == [7, 7, 7]
    assert pages[0]["previous"] is None
    assert "line=loan&page_size=3&cursor=" in pages[0]["next"]
    back = api.get(pages[2]["previous"]).json()
    assert back["results"] == pages[1]["results"]


def test_a_list_is_filtered_searched_and_ordered_by_its_address(api):
    for name, age, kind in (
        ("Asha Rao", 30, "Business"),
        ("Ravi Rao", 40, "Business"),
        ("Meera Iyer", 50, "Business"),
    ):
        api.create("loan", {"full_name": name, "age": age, "kind": kind})

    def names(**parameters: object) -> list[str]:
        response = api.get("/leads", **parameters)
        assert response.status_code == 200, response.content
        return [lead["name"] for lead in response.json()["results"]]

    assert names(search="rao") == ["Ravi Rao", "Asha Rao"]
    assert names(line="loan", **{"data.age__gte": 40}) == ["Meera Iyer", "Ravi Rao"]
    assert names(line="loan", **{"data.age": ["30", "50"]}, ordering="data.age") == ["Asha Rao", "Meera Iyer"]
    assert names(line="loan", ordering="-data.age", status="new", owner="me") == [
        "Meera Iyer",
        "Ravi Rao",
        "Asha Rao",
    ]
    assert names(line="loan", status="approved") == []
    assert names(line="loan", **{"data.story__is_empty": "false"}) == []


def test_a_slow_list_says_so(api):
    api.create("loan", {"full_name": "Asha", "story": "She called."})
    page = api.get("/leads", line="loan", **{"data.story__contains": "called"}).json()
    assert [lead["name"] for lead in page["results"]] == ["Asha"]
    assert page["slow"] == ["Story has no fast filter here: each lead is looked at."]


def test_lines_are_listed_for_who_works_with_them(api, operations, api_for, actor_for):
    make_line(operations, code="gold", name="Gold", is_active=False)
    lines = api.get("/lines").json()
    assert lines == {
        "next": None,
        "previous": None,
        "results": [
            {
                "code": code,
                "name": name,
                "currency": "INR",
                "version": 1,
                "stages": ["new", "contacted", "qualified", "documents", "decision"],
                "is_active": is_active,
                "schema": f"http://testserver/api/v1/lines/{code}/schema",
            }
            for code, name, is_active in (("gold", "Gold", False), ("loan", "Loan", True))
        ],
    }
    agents = api_for(actor_for(Role.AGENT))
    assert [line["code"] for line in agents.get("/lines").json()["results"]] == ["loan"]
    assert agents.get("/lines/gold/schema").status_code == 404
    assert errors_of(api.post("/leads", {"line": "gold", "data": {"full_name": "A"}})) == [("choice", "line")]


def test_unsafe_calls_need_the_csrf_token(client_for, operations, line):
    client = client_for(operations, enforce_csrf_checks=True, raise_request_exception=False)
    api = Api(client)
    enquiry = {"line": "loan", "data": {"full_name": "Asha", "mobile": "9845012345"}}
    for response in (
        api.post("/leads", enquiry),
        api.post("/leads", enquiry, HTTP_X_CSRFTOKEN="x" * 32),
        api.post("/leads", b"csrfmiddlewaretoken=x", content_type="application/x-www-form-urlencoded"),
        api.patch("/leads/L00000001", {}),
        api.delete("/leads/L00000001"),
    ):
        assert response.status_code == 403
        assert errors_of(response) == [("permission_denied", None)]
    assert not Lead.objects.exists()
    client.get("/profile/")
    token = client.cookies["leadledger_csrf"].value
    assert api.post("/leads", enquiry, HTTP_X_CSRFTOKEN=token).status_code == 201
    # The check reads the body: what is wrong with it is told all the same.
    assert errors_of(api.post("/leads", b"{", HTTP_X_CSRFTOKEN=token)) == [("parse_error", None)]
    large = api.post("/leads", b" " * 6_000_000, HTTP_X_CSRFTOKEN=token)
    assert (large.status_code, errors_of(large)) == (413, [("too_large", None)])
    # The same token serves any number of calls.
    assert api.post("/leads", enquiry, HTTP_X_CSRFTOKEN=token).status_code == 409


@pytest.mark.parametrize("path", ["/leads", "/lines", "/lines/loan/schema", "/leads/L00000001", "/nothing"])
def test_without_a_session_a_call_is_401(db, path):
    response = Api(Client(raise_request_exception=False)).get(path)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert errors_of(response) == [("not_authenticated", None)]


@pytest.mark.django_db(transaction=True)
def test_parallel_enquiries_of_one_person_make_one_lead_and_count_the_rest():
    actor = make_actor(make_organization("parallel"), Role.OPERATIONS)
    with organization_scope(actor.organization):
        update_line(actor=actor, line=make_line(actor, ONE_OF_EACH), duplicate_match=["mobile"])
    with system_scope(reason="test"):
        client = Client()
        client.force_login(actor.user)
    cookies = client.cookies

    def enquire(number: int) -> int:
        mine = Client(raise_request_exception=False)
        mine.cookies = cookies
        body = {"line": "loan", "data": {"full_name": f"Asha {number}", "mobile": "98450 12345"}}
        try:
            return Api(mine).post("/leads", body).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(enquire, range(6)))
    assert statuses == [201, *[409] * 5]
    with organization_scope(actor.organization):
        # Counted for good, although the answers were errors.
        assert Lead.objects.get().repeat_enquiries == 5
