"""Merging by page and by call."""

import pytest

from leads.models import LeadMerge
from leads.queries.history import lead_timeline
from leads.queries.leads import get_lead
from leads.services.leads import update_lead
from leads.services.merging import merge_leads, undo_merge
from leads.services.notes import write_note
from tests.leads.api.conftest import Api


@pytest.fixture
def page_of(client_for):
    return client_for


@pytest.fixture
def caller(client_for):
    return lambda actor: Api(client_for(actor))


def test_two_leads_side_by_side_become_one_and_two_again(house, pair, page_of):
    keep, lose = pair
    client = page_of(house.leader)
    write_note(actor=house.other, reference=lose.reference, text="Moves")
    found = client.get(f"/leads/{keep.reference}/duplicates/")
    address = f"/leads/{keep.reference}/merge/{lose.reference}/"
    assert address in found.content.decode()
    shown = client.get(address)
    text = shown.content.decode()
    assert "Secret" not in text
    assert [row["name"] for row in shown.context["rows"]] == ["full_name", "mail", "town", "income", "owner"]
    posted = {
        "seen-keep": shown.context["keep"]["state"],
        "seen-lose": shown.context["lose"]["state"],
        "choice-income": "lose",
    }
    done = client.post(address, posted)
    merge = LeadMerge.objects.get()
    assert done.url == f"/leads/{keep.reference}/?merged={merge.pk}"
    page = client.get(done.url).content.decode()
    undo = f"/leads/{keep.reference}/merges/{merge.pk}/undo/"
    assert undo in page
    assert f"{lose.reference} is now part of this lead." in page
    led = client.get(f"/leads/{lose.reference}/")
    assert led.url == f"/leads/{keep.reference}/"
    assert undo in client.get(f"/leads/{keep.reference}/duplicates/").content.decode()
    update_lead(actor=house.agent, reference=keep.reference, values={"town": "Nashik"})
    assert client.get(undo).context["stays"] == ["Town"]
    assert client.post(undo).url == f"/leads/{keep.reference}/"
    assert client.get(f"/leads/{lose.reference}/").status_code == 200


def test_what_changed_since_is_told_and_what_was_chosen_is_kept(house, pair, page_of):
    keep, lose = pair
    client = page_of(house.leader)
    address = f"/leads/{keep.reference}/merge/{lose.reference}/"
    seen = client.get(address).context["lose"]["state"]
    update_lead(actor=house.leader, reference=lose.reference, values={"town": "Nashik"})
    again = client.post(address, {"seen-lose": seen, "choice-income": "lose"})
    assert again.status_code == 409
    assert "was changed since you looked at it" in again.content.decode()
    assert {row["name"]: row["chosen"] for row in again.context["rows"]}["income"] == "lose"
    assert not LeadMerge.objects.exists()


def test_another_lead_is_named_by_its_reference(house, pair, page_of):
    keep, lose = pair
    client = page_of(house.leader)
    address = f"/leads/{keep.reference}/merge/"
    assert client.get(address, {"other": lose.reference.lower()}).url.endswith(f"/merge/{lose.reference}/")
    hidden = house.lead_of(house.stranger)
    for other in ("", "?", keep.reference, hidden.reference, "L99999999"):
        assert client.get(address, {"other": other}).status_code == 422


def test_a_call_merges_and_takes_back(house, pair, caller):
    keep, lose = pair
    client = caller(house.leader)
    address = f"/leads/{keep.reference}"
    etag = client.get(address)["ETag"]
    lose_etag = client.get(f"/leads/{lose.reference}")["ETag"]
    wrong = client.post(f"{address}/merge", {"lose": lose.reference, "choices": {"nothing": "lose"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["attr"]) == (400, "choices.nothing")
    stale = client.post(f"{address}/merge", {"lose": lose.reference, "lose_etag": etag})
    assert stale.status_code == 412
    body = {"lose": lose.reference, "choices": {"income": "lose"}, "lose_etag": lose_etag}
    made = client.post(f"{address}/merge", body, HTTP_IF_MATCH=etag)
    assert made.status_code == 200
    assert made.json()["merged"] == lose.reference
    assert made.json()["lead"]["data"]["income"] == "2000.00"
    assert client.post(f"{address}/merge", {"lose": lose.reference}).json()["id"] == made.json()["id"]
    led = client.get(f"/leads/{lose.reference}")
    assert (led.status_code, led["Location"], led.json()) == (
        307,
        f"http://testserver/api/v1{address}",
        {"merged_into": keep.reference},
    )
    refused = client.patch(f"/leads/{lose.reference}", {"status": "new"})
    assert (refused.status_code, refused.json()["merged_into"]) == (404, keep.reference)
    assert [each["id"] for each in client.get(f"{address}/merges").json()["results"]] == [made.json()["id"]]
    update_lead(actor=house.agent, reference=keep.reference, values={}, attributes={"status": "approved"})
    back = client.post(f"{address}/merges/{made.json()['id']}/undo", {})
    assert back.status_code == 200
    assert back.json()["stays"] == ["status"]
    assert client.get(f"/leads/{lose.reference}").status_code == 200


def test_the_kept_lead_tells_both_stories(house, pair):
    keep, lose = pair
    update_lead(actor=house.other, reference=lose.reference, values={"town": "Nashik"})
    made = merge_leads(actor=house.leader, keep=keep.reference, lose=lose.reference)
    told = lead_timeline(house.leader, get_lead(house.leader, keep.reference)).entries
    assert [(entry.kind, entry.text) for entry in told] == [
        ("merged", f"merged {lose.reference} into this lead"),
        ("changed", f"changed the lead: {lose.reference}"),
        ("created", f"captured the lead: {lose.reference}"),
        ("created", "captured the lead"),
    ]
    assert ("Mail", "", "asha@home.example") in [
        (change.label, change.old, change.new) for change in told[0].changes
    ]
    # Page by page it is the same story.
    older, paged = "", []
    while True:
        page = lead_timeline(house.leader, get_lead(house.leader, keep.reference), older_than=older, limit=1)
        paged += page.entries
        older = page.older
        if not older:
            break
    assert paged == told
    undo_merge(actor=house.leader, keep=keep.reference, merge_id=made.merge.pk)
    for lead, kinds in (
        (keep, ["separated", "merged", "created"]),
        (lose, ["separated", "merged", "changed", "created"]),
    ):
        entries = lead_timeline(house.leader, get_lead(house.leader, lead.reference)).entries
        assert [entry.kind for entry in entries] == kinds


def test_the_last_of_a_chain_tells_the_stories_of_all(house, pair, django_assert_num_queries):
    keep, lose = pair
    last = house.lead_of(house.agent, mobile="98450 12345", town="Surat")
    merge_leads(actor=house.leader, keep=keep.reference, lose=lose.reference)
    merge_leads(actor=house.leader, keep=last.reference, lose=keep.reference)
    told = lead_timeline(house.leader, get_lead(house.leader, last.reference)).entries
    assert [entry.text for entry in told[-3:]] == [
        "captured the lead",
        f"captured the lead: {lose.reference}",
        f"captured the lead: {keep.reference}",
    ]
    assert lead_timeline(house.leader, house.again(last)).entries == told, "However the lead was loaded."
    alone = get_lead(house.leader, house.lead_of(house.agent, mobile="98450 54321").reference)
    with django_assert_num_queries(1):
        lead_timeline(house.leader, alone)


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_change_one_of_them_only_sees_no_page(house, pair, method, page_of):
    keep, lose = pair
    client = page_of(house.agent)
    assert getattr(client, method)(f"/leads/{keep.reference}/merge/{lose.reference}/").status_code == 404
