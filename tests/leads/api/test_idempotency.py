"""A call that is made again with its idempotency key has one effect, and is answered as the first time."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import Membership
from accounts.roles import Area, Level, Role
from accounts.services import narrow_access
from core.models import IdempotencyKey
from core.retention.registry import registered_purges
from core.scope import organization_scope, system_scope
from leads.models import Lead
from leads.services import leads as lead_services
from leads.services.leads import assign_lead
from tests.leads.api.conftest import Api, errors_of

KEY = {"HTTP_IDEMPOTENCY_KEY": "3f1c-first"}
ENQUIRY = {
    "line": "loan",
    "data": {"full_name": "Asha Rao", "mobile": "98450 12345", "mail": "asha@example.org"},
}


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


def test_a_call_made_again_writes_once_and_is_answered_alike(api):
    first = api.post("/leads", ENQUIRY, **KEY)
    again = api.post("/leads/", ENQUIRY, **KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    for name in ("Location", "ETag"):
        assert again[name] == first[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again["Idempotency-Replayed"] == "true"
    assert Lead.objects.count() == 1


def test_without_a_key_nothing_is_kept(api):
    api.post("/leads", ENQUIRY)
    assert api.post("/leads", ENQUIRY).status_code == 409
    assert not IdempotencyKey.objects.exists()


def test_a_key_that_stands_for_another_call_is_refused(api):
    reference = api.post("/leads", ENQUIRY, **KEY).json()["reference"]
    for response in (
        api.post("/leads", {**ENQUIRY, "source": "Web"}, **KEY),
        api.post("/leads?x=1", ENQUIRY, **KEY),
        api.patch(f"/leads/{reference}", ENQUIRY, **KEY),
        api.client.delete(f"/api/v1/leads/{reference}", **KEY),
    ):
        assert response.status_code == 409
        assert errors_of(response) == [("idempotency_key_reused", None)]
    assert Lead.objects.count() == 1


def test_keys_of_one_caller_are_not_those_of_another(api, api_for, actor_for, other_organization):
    api.post("/leads", ENQUIRY, **KEY)
    response = api_for(actor_for(Role.AGENT)).post("/leads", ENQUIRY, **KEY)
    assert errors_of(response) == [("duplicate", None)]
    assert "Idempotency-Replayed" not in response.headers


def test_a_repeat_is_counted_once(api):
    reference = api.post("/leads", ENQUIRY).json()["reference"]
    first = api.post("/leads", ENQUIRY, **KEY)
    again = api.post("/leads", ENQUIRY, **KEY)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.json() == {**first.json(), "request_id": again["X-Request-ID"]}
    assert again.json()["reference"] == reference
    assert Lead.objects.get().repeat_enquiries == 1


def test_a_change_is_made_once_and_told_as_the_lead_is_now(api):
    address = f"/leads/{api.create('loan', ENQUIRY['data'])['reference']}"
    first = api.patch(address, {"status": "approved"}, **KEY)
    api.patch(address, {"status": "rejected"})
    again = api.patch(address, {"status": "approved"}, **KEY)
    assert (first.json()["status"], again.status_code) == ("approved", 200)
    assert again.json() == api.get(address).json()
    assert again.json()["status"] == "rejected"


def test_a_withdrawal_made_again_is_no_mistake(api):
    reference = api.create("loan", ENQUIRY["data"])["reference"]
    for _call in range(2):
        response = api.client.delete(f"/api/v1/leads/{reference}", **KEY)
        assert (response.status_code, response.content) == (204, b"")
    assert api.delete(f"/leads/{reference}").status_code == 404


def test_what_was_to_be_put_right_leaves_the_key_free(api):
    wrong = {**ENQUIRY, "data": {**ENQUIRY["data"], "mobile": "12"}}
    for _call in range(2):
        assert errors_of(api.post("/leads", wrong, **KEY)) == [("invalid_phone", "data.mobile")]
    assert api.post("/leads", ENQUIRY, **KEY).status_code == 201


def test_our_mistake_takes_everything_back_and_leaves_the_key_free(api, monkeypatch):
    def fail(*_arguments, **_options):
        raise RuntimeError("a mistake")

    with monkeypatch.context() as broken:
        broken.setattr("leads.api.views.lead_answer", fail)
        assert api.post("/leads", ENQUIRY, **KEY).status_code == 500
    assert not Lead.objects.exists()
    assert api.post("/leads", ENQUIRY, **KEY).status_code == 201


@pytest.mark.parametrize("key", ["", " a", "a ", "x" * 256, "kéy", "a\tb", "🔑"])
def test_what_cannot_be_a_key_is_refused(api, key):
    response = api.post("/leads", ENQUIRY, HTTP_IDEMPOTENCY_KEY=key)
    assert response.status_code == 400
    assert errors_of(response) == [("invalid_idempotency_key", "Idempotency-Key")]
    assert not Lead.objects.exists()


@pytest.mark.parametrize("key", ["a", "x" * 255, 'order 12: {"a"}', "~!"])
def test_any_printable_text_is_a_key(api, key):
    assert api.post("/leads", ENQUIRY, HTTP_IDEMPOTENCY_KEY=key).status_code == 201


def test_reading_takes_no_key(api):
    assert api.client.get("/api/v1/leads", **KEY).status_code == 200
    assert not IdempotencyKey.objects.exists()


def test_a_key_holds_for_a_day(api):
    with time_machine.travel(dt.datetime(2026, 1, 15, 9, tzinfo=dt.UTC), tick=False) as clock:
        reference = api.post("/leads", ENQUIRY, **KEY).json()["reference"]
        clock.shift(dt.timedelta(hours=23, minutes=59))
        assert api.post("/leads", ENQUIRY, **KEY).json()["reference"] == reference
        assert purge() == 0
        clock.shift(dt.timedelta(minutes=2))
        other = {**ENQUIRY, "data": {**ENQUIRY["data"], "mobile": "98450 99999"}}
        assert api.post("/leads", other, **KEY).json()["reference"] != reference
        clock.shift(dt.timedelta(hours=25))
        assert purge() == 1
    assert not IdempotencyKey.objects.exists()


def purge() -> int:
    """What the daily removal of technical rows takes of the keys."""
    [found] = [each for each in registered_purges() if each.name == "core.idempotency_keys"]
    return found.delete(found.before, 1_000)


# What is kept


def test_nothing_personal_is_kept(api):
    api.post("/leads", {**ENQUIRY, "data": {**ENQUIRY["data"], "mobile": "12"}}, **KEY)
    api.post("/leads", ENQUIRY, **KEY)
    api.post("/leads", ENQUIRY, HTTP_IDEMPOTENCY_KEY="second")
    api.patch(
        "/leads/" + Lead.objects.get().reference,
        {"data": {"mail": "rao@example.org"}},
        HTTP_IDEMPOTENCY_KEY="3",
    )
    kept = str(list(IdempotencyKey.objects.values()))
    assert IdempotencyKey.objects.count() == 3
    for text in ("Asha", "98450", "9845012345", "example.org"):
        assert text not in kept


def test_who_may_see_less_by_then_is_told_less(operations, line, actor_for, api_for):
    agent, other = actor_for(Role.AGENT), actor_for(Role.AGENT)
    api = api_for(agent)
    reference = api.post("/leads", ENQUIRY, **KEY).json()["reference"]
    again = {"HTTP_IDEMPOTENCY_KEY": "again"}
    assert api.post("/leads", ENQUIRY, **again).json()["reference"] == reference
    assign_lead(actor=operations, reference=reference, owner=other.membership)
    told = api.post("/leads", ENQUIRY, **KEY)
    assert (told.status_code, told.json()) == (201, {"reference": reference})
    repeat = api.post("/leads", ENQUIRY, **again)
    assert (repeat.status_code, repeat.json()["reference"]) == (409, None)
    assert reference not in repeat.content.decode()
    assert "owned by another team" in repeat.json()["errors"][0]["detail"]


def test_who_may_not_call_any_more_is_told_nothing(api_for, actor_for, line):
    agent = actor_for(Role.AGENT)
    api = api_for(agent)
    api.post("/leads", ENQUIRY, **KEY)
    with system_scope(reason="test"):
        Membership.everything.filter(pk=agent.membership.pk).update(is_active=False)
    assert api.post("/leads", ENQUIRY, **KEY).status_code == 403


def test_what_is_masked_meanwhile_is_masked_in_the_answer(operations, actor_for, api_for):
    from tests.leads.lines.definitions import make_line

    fields = [
        {"key": "full_name", "label": "Name", "type": "text", "required": True, "maps_to": "name"},
        {"key": "mobile", "label": "Mobile", "type": "phone", "maps_to": "phone", "pii": True},
    ]
    make_line(operations, fields, code="kept")
    admin = actor_for(Role.ADMIN)
    agent = actor_for(Role.AGENT)
    api = api_for(agent)
    body = {"line": "kept", "data": {"full_name": "Asha", "mobile": "98450 12345"}}
    assert api.post("/leads", body, **KEY).json()["phone"] == "+919845012345"
    narrow_access(actor=admin, role=Role.AGENT, area=Area.LEADS, verb="write", level=Level.NONE)
    told = api.post("/leads", body, **KEY).json()
    assert (told["phone"], told["masked"]) == ("••••2345", ["phone", "data.mobile"])


# At the same time


@pytest.mark.django_db(transaction=True)
def test_while_the_first_call_runs_others_are_told_to_come_again(operations, line, api_for, monkeypatch):
    begun, go_on = Event(), Event()
    create = lead_services.create_lead

    def slowly(**arguments):
        begun.set()
        assert go_on.wait(20)
        return create(**arguments)

    monkeypatch.setattr("leads.api.views.create_lead", slowly)

    def call():
        try:
            return api_for(operations).post("/leads", ENQUIRY, **KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(call)
        assert begun.wait(20)
        second = threads.submit(call).result(20)
        go_on.set()
        answer = first.result(20)
    assert second.status_code == 409
    assert errors_of(second) == [("idempotency_key_in_use", None)]
    assert second["Retry-After"] == "1"
    assert answer.status_code == 201
    again = call()
    assert (again.status_code, again.json()) == (201, answer.json())
    with organization_scope(operations.organization):
        assert Lead.objects.count() == 1


def test_a_form_is_the_same_whatever_its_boundary(rf):
    from rest_framework.parsers import MultiPartParser
    from rest_framework.request import Request

    from core.api.fingerprints import body_sha256

    def digest(boundary: str, content: bytes = b"Name\nAsha\n", line: str = "loan") -> str:
        from django.test.client import encode_multipart

        file = SimpleUploadedFile("leads.csv", content)
        body = encode_multipart(boundary, {"line": line, "file": file})
        request = rf.generic("POST", "/", body, content_type=f"multipart/form-data; boundary={boundary}")
        return body_sha256(Request(request, parsers=[MultiPartParser()]))

    assert digest("one") == digest("another")
    assert len({digest("one"), digest("one", b"Name\nRavi\n"), digest("one", line="gold")}) == 3
