"""Versions of a lead: who read it, is not overwritten by whom, and need not fetch it twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.roles import Role
from core.scope import organization_scope
from leads.models import Lead
from leads.services.leads import assign_lead
from tests.leads.api.conftest import Api, errors_of

DATA = {"full_name": "Asha Rao", "mobile": "98450 12345"}


@pytest.fixture
def api(api_for, operations, line) -> Api:
    return api_for(operations)


@pytest.fixture
def asha(api) -> str:
    """The address of a lead."""
    return f"/leads/{api.create('loan', DATA)['reference']}"


def test_an_etag_is_strong_and_the_same_wherever_the_lead_is_told(api):
    created = api.post("/leads", {"line": "loan", "data": DATA})
    address = "/leads/" + created.json()["reference"]
    etag = created["ETag"]
    assert etag.startswith('"') and etag.endswith('"') and len(etag) == 34
    assert api.get(address)["ETag"] == etag
    changed = api.patch(address, {"status": "approved"})
    assert changed["ETag"] != etag
    assert api.get(address)["ETag"] == changed["ETag"]
    assert changed["Content-Location"] == f"http://testserver/api/v1{address}"


def test_an_etag_is_of_what_the_caller_sees(api, asha, api_for, actor_for, operations):
    agent = actor_for(Role.AGENT)
    assign_lead(actor=operations, reference=asha.removeprefix("/leads/"), owner=agent.membership)
    auditor = api_for(actor_for(Role.AUDITOR))
    # Mail is personal, and the auditor sees its mask.
    api.patch(asha, {"data": {"mail": "asha@example.org"}})
    assert auditor.get(asha)["ETag"] != api.get(asha)["ETag"] == api_for(agent).get(asha)["ETag"]


def test_who_has_the_lead_is_not_sent_it_again(api, asha):
    etag = api.get(asha)["ETag"]
    for known in (etag, f'W/{etag}, "other"', f'"other", {etag}', "*"):
        response = api.client.get(f"/api/v1{asha}", headers={"If-None-Match": known})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    for unknown in ('"other"', "nonsense", ""):
        assert api.client.get(f"/api/v1{asha}", headers={"If-None-Match": unknown}).status_code == 200


@pytest.mark.parametrize("wrong", ['"other"', "nonsense", "", 'W/"other"'])
def test_what_was_changed_since_is_not_overwritten(api, asha, wrong):
    for response in (
        api.patch(asha, {"status": "approved"}, headers={"If-Match": wrong}),
        api.client.delete(f"/api/v1{asha}", headers={"If-Match": wrong}),
    ):
        assert response.status_code == 412
        assert errors_of(response) == [("precondition_failed", None)]
    assert api.get(asha).json()["status"] == "new"


def test_a_weak_etag_matches_no_change(api, asha):
    weak = "W/" + api.get(asha)["ETag"]
    assert api.patch(asha, {"status": "approved"}, headers={"If-Match": weak}).status_code == 412


def test_what_was_read_may_be_changed(api, asha):
    first = api.get(asha)["ETag"]
    second = api.patch(asha, {"status": "approved"}, headers={"If-Match": f'"other", {first}'})
    assert second.status_code == 200
    assert api.patch(asha, {"status": "closed"}, headers={"If-Match": first}).status_code == 412
    third = api.patch(asha, {"status": "closed"}, headers={"If-Match": "*"})
    assert third.status_code == 200
    refused = api.patch(asha, {"status": "new"}, headers={"If-None-Match": third["ETag"]})
    assert refused.status_code == 412
    assert api.client.delete(f"/api/v1{asha}", headers={"If-Match": third["ETag"]}).status_code == 204
    assert api.client.delete(f"/api/v1{asha}", headers={"If-Match": "*"}).status_code == 404


def test_a_refused_change_leaves_the_idempotency_key_free(api, asha):
    key = {"Idempotency-Key": "k"}
    assert api.patch(asha, {"status": "closed"}, headers={**key, "If-Match": '"x"'}).status_code == 412
    etag = api.get(asha)["ETag"]
    for _call in range(2):
        assert api.patch(asha, {"status": "closed"}, headers={**key, "If-Match": etag}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_what_both_have_read_one_is_told(operations, line, api_for):
    api = api_for(operations)
    address = f"/leads/{api.create('loan', DATA)['reference']}"
    for _round in range(5):
        etag = api.get(address)["ETag"]
        together = Barrier(2)

        def change(status: str, etag: str = etag, together: Barrier = together) -> int:
            try:
                mine = api_for(operations)
                together.wait(20)
                return mine.patch(address, {"status": status}, headers={"If-Match": etag}).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            codes = sorted(threads.map(change, ("approved", "rejected")))
        assert codes == [200, 412]
        api.patch(address, {"status": "new"})
    with organization_scope(operations.organization):
        assert Lead.objects.count() == 1
