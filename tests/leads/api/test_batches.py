"""Many enquiries in one call: each as if it came alone, all written together."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from core.models import IdempotencyKey
from core.scope import organization_scope
from leads.models import Lead, Source
from leads.services.leads import assign_lead
from leads.services.lines import update_line
from tests.leads.api.conftest import Api, errors_of
from tests.leads.api.test_leads import EVERYTHING
from tests.leads.lines.definitions import make_line


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


def item(number: int, *, line: str = "loan", key: str = "", **data: object) -> dict[str, object]:
    """An enquiry that nothing is wrong with."""
    body = {"line": line, "data": {"full_name": f"Person {number}", "mobile": f"98450 {number:05d}", **data}}
    return {**body, "idempotency_key": key} if key else body


def send(api: Api, *items: object, status: int = 200, **headers: str) -> dict:
    response = api.post("/leads/batch", {"leads": list(items)}, **headers)
    assert response.status_code == status, response.content
    return response.json()


def told(answer: dict) -> list[tuple[int, list[tuple[str, str | None]]]]:
    """Status and errors of each result."""
    return [
        (each["status"], [(error["code"], error["attr"]) for error in each["errors"]])
        for each in answer["results"]
    ]


def counts(answer: dict) -> tuple[int, int, int, int]:
    return tuple(answer[name] for name in ("accepted", "updated", "duplicate", "rejected"))


def test_each_enquiry_is_answered_for_itself(api):
    there = api.create("loan", item(1)["data"])["reference"]
    answer = send(
        api,
        item(2),
        item(1),
        item(3, mobile="12", age=17),
        item(2, full_name="The same again"),
        "nonsense",
        {"line": "gold", "data": {}},
        {**item(4), "colour": "red"},
        item(5, colour="red"),
        {**item(6), "stage": "nowhere"},
        item(7),
    )
    assert counts(answer) == (2, 0, 2, 6)
    assert told(answer) == [
        (201, []),
        (409, [("duplicate", None)]),
        (400, [("min", "data.age"), ("invalid_phone", "data.mobile")]),
        (409, [("duplicate", None)]),
        (400, [("invalid", "non_field_errors")]),
        (400, [("choice", "line")]),
        (400, [("unknown_field", "colour")]),
        (400, [("unknown_field", "data.colour")]),
        (400, [("choice", "stage")]),
        (201, []),
    ]
    first, repeat, _, again, *_, last = answer["results"]
    assert repeat["reference"] == there
    assert again["reference"] == first["reference"] != last["reference"]
    assert [each["index"] for each in answer["results"]] == list(range(10))
    repeats = dict(Lead.objects.values_list("reference", "repeat_enquiries"))
    assert repeats == {there: 1, first["reference"]: 1, last["reference"]: 0}


def test_an_enquiry_of_a_batch_is_written_as_one_alone(api, operations):
    body = {
        "line": "loan",
        "data": EVERYTHING,
        "source": " Web  site ",
        "status": "approved",
        "stage": "qualified",
    }
    alone = api.post("/leads", body).json()
    other = {**body, "data": {**EVERYTHING, "mobile": "98450 99999"}}
    [result] = send(api, other)["results"]
    batched = api.get(f"/leads/{result['reference']}").json()
    different = {"reference", "phone", "data", "created", "updated"}
    assert {name: batched[name] for name in batched.keys() - different} == {
        name: alone[name] for name in alone.keys() - different
    }
    assert {**batched["data"], "mobile": ""} == {**alone["data"], "mobile": ""}
    assert Source.objects.count() == 1
    timelines = [
        api.get(f"/leads/{each['reference']}/timeline").json()["results"] for each in (alone, batched)
    ]
    assert [[entry["kind"] for entry in timeline] for timeline in timelines] == [["created"], ["created"]]


def test_lines_stand_side_by_side_in_a_batch(api, operations):
    make_line(operations, code="gold")
    answer = send(api, item(1), item(1, line="gold"), item(2, line="gold"), item(2))
    assert [each["status"] for each in answer["results"]] == [201] * 4
    lines = [api.get(f"/leads/{each['reference']}").json()["line"] for each in answer["results"]]
    assert lines == ["loan", "gold", "gold", "loan"]


def test_where_the_line_says_so_repeats_update(api, api_for, actor_for, operations, line):
    update_line(actor=operations, line=line, on_duplicate="update")
    there = api.create("loan", item(1)["data"])["reference"]
    answer = send(
        api,
        {**item(1, age="42"), "source": "Web"},
        item(2),
        item(1, full_name="Asha", age=""),
        item(2, full_name="Ravi"),
        item(1, age=7),
    )
    assert counts(answer) == (4, 3, 0, 1)
    assert told(answer) == [(200, []), (201, []), (200, []), (200, []), (400, [("min", "data.age")])]
    lead = api.get(f"/leads/{there}").json()
    assert (lead["name"], lead["data"]["age"], lead["source"]) == ("Asha", "42", "Web")
    assert lead["repeat_enquiries"] == 0
    made = answer["results"][1]["reference"]
    assert answer["results"][3]["reference"] == made
    assert api.get(f"/leads/{made}").json()["name"] == "Ravi"
    # Who may not change a lead does not update it.
    agent = api_for(actor_for(Role.AGENT))
    answer = send(agent, item(1, full_name="Mallory"), item(3))
    assert [each["status"] for each in answer["results"]] == [409, 201]
    assert answer["results"][0]["reference"] is None
    assert api.get(f"/leads/{there}").json()["name"] == "Asha"


def test_an_update_takes_nothing_that_tells_repeats_from_another_lead(api, operations, line):
    update_line(actor=operations, line=line, on_duplicate="update", duplicate_match=["mobile", "mail"])
    there = api.create("loan", item(1)["data"])["reference"]
    api.create("loan", item(2, mail="ravi@example.org")["data"])
    shares, gains = item(1, mail="ravi@example.org"), item(1, mail="asha@example.org")
    alone = api.post("/leads", shares)
    assert (alone.status_code, errors_of(alone)) == (409, [("duplicate", None)])
    answer = send(api, shares, gains, item(3), item(3, mail="asha@example.org"))
    assert told(answer) == [(409, [("duplicate", None)]), (200, []), (201, []), (409, [("duplicate", None)])]
    assert counts(answer) == (2, 1, 0, 2)
    assert answer["results"][0]["errors"][0]["detail"] == alone.json()["errors"][0]["detail"]
    assert api.get(f"/leads/{there}").json()["email"] == "asha@example.org"


def test_leads_are_whose_batch_it_was(api_for, actor_for, line):
    leader = actor_for(Role.TEAM_LEADER)
    agent = actor_for(Role.AGENT, manager=leader)
    answer = send(api_for(agent), item(1), item(2))
    for each in answer["results"]:
        lead = api_for(agent).get(f"/leads/{each['reference']}").json()
        assert lead["owner"]["id"] == agent.membership.pk
        assert lead["team"]["id"] == leader.membership.pk


def test_what_is_hidden_stays_so_in_a_batch(operations, api_for, actor_for):
    fields = [
        {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
        {
            "key": "margin",
            "label": "Margin",
            "type": "percent",
            "required": True,
            "visible_to": ["operations"],
        },
        {"key": "note", "label": "Note", "type": "text", "editable_by": ["operations"]},
    ]
    make_line(operations, fields, code="secret")
    agent = api_for(actor_for(Role.AGENT))
    body = {"line": "secret", "data": {"full_name": "Asha"}}
    answer = send(agent, body, {**body, "data": {"margin": 5}}, {**body, "data": {"note": "x"}})
    assert told(answer) == [
        (400, [("hidden_field", "data")]),
        (400, [("unknown_field", "data.margin")]),
        (403, [("permission_denied", None)]),
    ]
    assert "argin" not in json.dumps(answer["results"][0])


@pytest.mark.parametrize(
    "body", [[], {}, {"leads": {}}, {"leads": []}, {"leads": None}, {"items": []}, 5, None]
)
def test_what_is_no_batch_is_refused(api, body):
    response = api.post("/leads/batch", body)
    assert response.status_code == 400
    assert errors_of(response)[0][1] == "leads"


def test_a_batch_has_a_thousand_enquiries_at_most(api):
    response = api.post("/leads/batch", {"leads": [1] * 1_001})
    assert response.status_code == 413
    assert errors_of(response) == [("too_many_items", None)]
    assert counts(send(api, *[1] * 1_000)) == (0, 0, 0, 1_000)


def test_a_batch_makes_as_many_statements_for_many_as_for_few(api):
    def counted(*items: object) -> int:
        with CaptureQueriesContext(connection) as queries:
            send(api, *items)
        return len(queries)

    counted(item(1))
    few = counted(*(item(number, key=f"k{number}") for number in range(100, 102)))
    many = counted(*(item(number, key=f"k{number}") for number in range(200, 208)))
    assert many == few <= 27
    # Beyond forty rows they are copied, which is a few statements more for each table.
    assert counted(*(item(number, key=f"k{number}") for number in range(300, 500))) <= 45


# Sent again


def test_a_batch_that_is_sent_again_is_answered_alike(api, operations, actor_for):
    key = {"HTTP_IDEMPOTENCY_KEY": "batch-1"}
    api.create("loan", item(9)["data"])
    items = [item(1), item(2, mobile="nowhere"), item(9)]
    first = send(api, *items, **key)
    again = send(api, *items, **key)
    assert counts(again) == counts(first) == (1, 0, 1, 1)
    assert [each["reference"] for each in again["results"]] == [
        each["reference"] for each in first["results"]
    ]
    assert told(again) == told(first)
    assert all(each["replayed"] for each in again["results"])
    assert Lead.objects.get(name="Person 9").repeat_enquiries == 1
    assert Lead.objects.count() == 2
    kept = json.dumps(IdempotencyKey.objects.get().answer)
    assert "Person" not in kept and "nowhere" not in kept


def test_an_enquiry_that_is_sent_again_is_written_once_in_whatever_batch(api):
    first = send(api, item(1, key="a"), item(2, key="b"), item(3, key="c", mobile="12"))
    again = send(api, item(4, key="d"), item(2, key="b"), item(1, key="a"), item(3, key="c"))
    assert [each["status"] for each in again["results"]] == [201, 201, 201, 201]
    assert [each["replayed"] for each in again["results"]] == [False, True, True, False]
    assert again["results"][1]["reference"] == first["results"][1]["reference"]
    assert Lead.objects.count() == 4


def test_a_repeat_of_a_lead_of_others_does_not_tell_which(api, api_for, actor_for):
    there = api.create("loan", item(1)["data"])["reference"]
    answer = send(api_for(actor_for(Role.AGENT)), item(1))
    assert told(answer) == [(409, [("duplicate", None)])]
    assert "owned by another team" in answer["results"][0]["errors"][0]["detail"]
    assert there not in str(answer)
    assert Lead.objects.get().repeat_enquiries == 1


def test_a_repeat_with_a_key_is_counted_once(api):
    api.create("loan", item(1)["data"])
    for _sent in range(2):
        assert told(send(api, item(1, key="a"))) == [(409, [("duplicate", None)])]
    assert Lead.objects.get().repeat_enquiries == 1


def test_a_key_that_stands_for_another_enquiry_is_refused(api):
    send(api, item(1, key="a"))
    answer = send(api, item(2, key="a"), item(3, key="b"), item(4, key="b"), item(3, key="b"))
    assert told(answer) == [
        (409, [("idempotency_key_reused", None)]),
        (201, []),
        (409, [("idempotency_key_reused", None)]),
        (201, []),
    ]
    assert counts(answer) == (2, 0, 0, 2)
    assert answer["results"][3]["reference"] == answer["results"][1]["reference"]
    assert Lead.objects.count() == 2


@pytest.mark.parametrize(
    ("key", "code"),
    [(" a", "invalid_idempotency_key"), (7, None), ("", "invalid_idempotency_key"), (["a"], None)],
)
def test_what_is_no_key_of_an_enquiry_is_refused(api, key, code):
    answer = send(api, {**item(1), "idempotency_key": key}, item(2))
    assert [each["status"] for each in answer["results"]] == [400, 201]
    [error] = answer["results"][0]["errors"]
    assert error["attr"] == "idempotency_key"
    assert code is None or error["code"] == code


def test_keys_of_enquiries_and_of_calls_do_not_meet(api):
    send(api, item(1, key="a"), HTTP_IDEMPOTENCY_KEY="a")
    assert api.post("/leads", item(2), HTTP_IDEMPOTENCY_KEY="b").status_code == 201
    assert send(api, item(3, key="b"))["accepted"] == 1


def test_who_sees_a_lead_no_more_is_not_told_it_again(api_for, actor_for, operations, line):
    agent, other = actor_for(Role.AGENT), actor_for(Role.AGENT)
    api = api_for(agent)
    mine = api.create("loan", item(1)["data"])["reference"]
    key = {"HTTP_IDEMPOTENCY_KEY": "batch"}
    assert send(api, item(1, key="a"), **key)["results"][0]["reference"] == mine
    assign_lead(actor=operations, reference=mine, owner=other.membership)
    for answer in (send(api, item(1, key="a"), **key), send(api, item(1, key="a"))):
        assert mine not in json.dumps(answer)
        assert told(answer) == [(409, [("duplicate", None)])]


@pytest.mark.django_db(transaction=True)
def test_batches_with_the_same_enquiries_at_once_write_each_once(operations, line, api_for):
    update_line(actor=operations, line=line, on_duplicate="update")

    def call(order: int) -> dict:
        try:
            items = [item(number, key=f"k{number}") for number in range(20)]
            return send(api_for(operations), *(items if order % 2 else reversed(items)))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(call, range(4)))
    with organization_scope(operations.organization):
        assert Lead.objects.count() == 20
    assert [counts(answer) for answer in answers] == [(20, 0, 0, 0)] * 4
    assert sum(not each["replayed"] for answer in answers for each in answer["results"]) == 20
