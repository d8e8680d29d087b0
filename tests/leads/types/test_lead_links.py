"""Another lead as the value of a field: what the writer may see, and nothing told of the rest."""

import pytest

from accounts.roles import Role
from leads.models import Lead
from leads.services.leads import create_lead, withdraw_lead
from tests.leads.types.doors import (
    by_api,
    by_form,
    codes,
    exported,
    found,
    imported,
    line_with,
    patched,
    posted,
    read,
)

REFERRER = {"key": "referrer", "label": "Referred by", "type": "lead", "indexed": True}


@pytest.fixture
def line(operations):
    return line_with(operations, REFERRER)


@pytest.fixture
def other_agent(actor_for, leader):
    return actor_for(Role.AGENT, name="Bina Shah", manager=leader)


@pytest.fixture
def theirs(line, other_agent):
    """A lead that the agent does not see."""
    return create_lead(actor=other_agent, line=line, values={"name": "Gita Menon"}).lead


@pytest.fixture
def own(line, agent):
    return create_lead(actor=agent, line=line, values={"name": "Farid Sheikh"}).lead


def test_all_doors_give_the_same_value(operations, line, theirs, client_for):
    client = client_for(operations)
    lead = by_form(client, {"referrer": f" {theirs.reference.lower()} "})
    assert lead.data["referrer"] == theirs.reference == read(client, lead)["data"]["referrer"]
    assert by_api(client, {"referrer": {"reference": theirs.reference}}).status_code == 201
    row = next(row for row in exported(client, columns="data.referrer") if row["Referred by"])
    assert imported(operations, [{"Name": "Filed", "Referred by": row["Referred by"]}]).accepted == 1
    assert Lead.objects.get(name="Filed").data["referrer"] == theirs.reference
    assert found(client, referrer=theirs.reference.lower()) == ["Asha Rao", "Asha Rao", "Filed"]
    page = client.get(f"/leads/{lead.reference}/").content.decode()
    assert f'<a href="/leads/{theirs.reference}/">{theirs.reference}</a>' in page


def test_what_the_actor_cannot_see_is_refused_like_what_is_not_there(agent, theirs, own, client_for):
    client = client_for(agent)
    hidden, absent = by_api(client, {"referrer": theirs.reference}), by_api(client, {"referrer": "L99999999"})
    assert codes(hidden) == codes(absent) == ["data.referrer:choice"]
    told = [answer.json()["errors"][0]["detail"].replace(written, "…")
            for answer, written in ((hidden, theirs.reference), (absent, "L99999999"))]  # fmt: skip
    assert told[0] == told[1]
    assert by_api(client, {"referrer": own.reference}).status_code == 201
    for written in ("x" * 30, "L 1", "'; --", {"id": 1}, ["L00000001"]):
        assert by_api(client, {"referrer": written}).status_code in (400, 201)


def test_a_lead_that_is_not_visible_is_masked_everywhere(operations, agent, theirs, own, client_for):
    assert patched(client_for(operations), own, {"referrer": theirs.reference}).status_code == 200
    client = client_for(agent)
    seen = read(client, own)
    assert seen["data"]["referrer"] == "••••" and seen["masked"] == ["data.referrer"]
    assert exported(client, columns="data.referrer")[0]["Referred by"] == "••••"
    for address in (f"/leads/{own.reference}/", "/leads/?line=typed&columns=data.referrer",
                    f"/leads/{own.reference}/edit/", f"/api/v1/leads/{own.reference}/timeline"):  # fmt: skip
        assert theirs.reference not in client.get(address).content.decode()
    # An edit elsewhere leaves it; guessing it tells nothing.
    assert (
        client.post(f"/leads/{own.reference}/edit/", posted({"name": "New", "referrer": "••••"})).status_code
        == 302
    )
    assert Lead.objects.get(pk=own.pk).data == {"name": "New", "referrer": theirs.reference}
    assert codes(patched(client, own, {"referrer": theirs.reference})) == ["data.referrer:choice"]
    assert codes(patched(client, own, {"referrer": "L99999999"})) == ["data.referrer:choice"]
    asked = client.get("/api/v1/leads", {"line": "typed", "data.referrer": theirs.reference})
    assert codes(asked) == ["data.referrer:unknown_filter"]


def test_a_withdrawn_lead_is_masked(operations, theirs, own, client_for):
    client = client_for(operations)
    patched(client, own, {"referrer": theirs.reference})
    withdraw_lead(actor=operations, reference=theirs.reference)
    assert read(client, own)["data"]["referrer"] == "••••"


def test_suggestions_are_the_leads_one_sees(agent, own, theirs, client_for):
    client = client_for(agent)
    seen = client.get("/leads/choose/leads/?input=q&q=fari").content.decode()
    assert own.reference in seen and "Farid Sheikh" in seen
    assert theirs.reference not in client.get("/leads/choose/leads/?input=q&q=gita").content.decode()


def test_an_import_reads_leads_as_its_loader(operations, leader, agent, own, client_for, actor_for):
    elsewhere = create_lead(actor=operations, line=own.line, values={"name": "Kept"}).lead
    rows = [
        {"Name": "A", "Referred by": own.reference},
        {"Name": "B", "Referred by": elsewhere.reference},
        {"Name": "C", "Referred by": "L99999999"},
    ]
    intake = imported(leader, rows)
    assert (intake.accepted, intake.reasons) == (1, {"referrer:choice": 2})
