"""A member as the value of a field: named at every door, stored by number, shown by name."""

import pytest

from accounts.roles import Role
from accounts.services.people import deactivate_member
from leads.models import Lead, LeadToken, LeadValue
from leads.services.leads import create_lead
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

MANAGER = {"key": "manager", "label": "Manager", "type": "user", "indexed": True}


@pytest.fixture
def line(operations, agent):
    return line_with(operations, MANAGER)


@pytest.fixture
def client(operations, line, client_for):
    return client_for(operations)


def number(actor):
    return str(actor.membership.pk)


@pytest.mark.parametrize(
    "written", ["Arjun Rao", " arjun RAO ", "ARJUN@acme.example", "{}", "Arjun Rao ({})"]
)
def test_a_member_is_named_in_many_ways(client, agent, written):
    assert by_form(client, {"manager": written.format(number(agent))}).data["manager"] == number(agent)


def test_all_doors_give_the_same_value(client, operations, agent):
    lead = by_form(client, {"manager": "Arjun Rao"})
    given = read(client, lead)["data"]["manager"]
    assert given == {"id": agent.membership.pk, "name": "Arjun Rao"}
    again = by_api(client, {"manager": given})
    assert again.json()["data"]["manager"] == given
    for form in (agent.membership.pk, number(agent), "arjun@acme.example"):
        assert by_api(client, {"manager": form}).json()["data"]["manager"] == given
    row = exported(client, columns="data.manager")[0]
    assert row["Manager"] == "Arjun Rao"
    assert imported(operations, [{"Name": "Filed", "Manager": row["Manager"]}]).accepted == 1
    assert Lead.objects.get(name="Filed").data["manager"] == number(agent)


def test_namesakes_are_told_apart_by_number(client, operations, agent, actor_for):
    other = actor_for(Role.AGENT, name="Arjun Rao")
    assert codes(by_api(client, {"manager": "Arjun Rao"})) == ["data.manager:ambiguous"]
    lead = by_form(client, {"manager": f"Arjun Rao ({number(other)})"})
    assert exported(client, columns="data.manager")[0]["Manager"] == f"Arjun Rao ({number(other)})"
    intake = imported(operations, [{"Name": "A", "Manager": "Arjun Rao"}, {"Name": "B", "Manager": "Nobody"}])
    assert intake.reasons == {"manager:ambiguous": 1, "manager:choice": 1}
    page = client.get(f"/leads/{lead.reference}/edit/").content.decode()
    assert f'value="Arjun Rao ({number(other)})"' in page


@pytest.mark.parametrize("written", ["0", "999999999", "9" * 40, "²", "Nobody Here", "x" * 400, "a\u202eb"])
def test_what_names_nobody_is_refused(client, written):
    assert codes(by_api(client, {"manager": written})) == ["data.manager:choice"]


@pytest.mark.parametrize(
    "written", [True, [1], {"name": "Arjun Rao"}, {"id": None, "name": "x"}, 1.5, 10**30]
)
def test_what_is_no_name_is_refused_or_empty(client, written):
    answer = by_api(client, {"manager": written})
    assert answer.status_code == 400 or "manager" not in answer.json()["data"]


def test_another_organisations_member_does_not_exist(client, other_organization, actor_for):
    stranger = actor_for(
        Role.AGENT, organization=other_organization, name="Stranger", email="s@rival.example"
    )
    for written in (stranger.membership.pk, "Stranger", "s@rival.example"):
        assert codes(by_api(client, {"manager": written})) == ["data.manager:choice"]


def test_who_has_left_stays_readable_and_is_chosen_no_more(client, operations, agent, actor_for):
    lead = by_form(client, {"manager": "Arjun Rao"})
    deactivate_member(actor=actor_for(Role.ADMIN), membership=agent.membership)
    assert "Arjun Rao" in client.get(f"/leads/{lead.reference}/").content.decode()
    assert read(client, lead)["data"]["manager"]["name"] == "Arjun Rao"
    assert codes(by_api(client, {"manager": number(agent)})) == ["data.manager:choice"]
    # An edit elsewhere leaves the value, and sending it back changes nothing.
    assert patched(client, lead, {"name": "New", "manager": number(agent)}).status_code == 200
    edit = client.get(f"/leads/{lead.reference}/edit/").content.decode()
    assert f'value="Arjun Rao ({number(agent)})"' in edit
    sent = posted({"name": "Newer", "manager": f"Arjun Rao ({number(agent)})"})
    assert client.post(f"/leads/{lead.reference}/edit/", sent).status_code == 302
    assert Lead.objects.get().data == {"name": "Newer", "manager": number(agent)}
    assert found(client, manager="Arjun Rao") == ["Newer"]


def test_filters_columns_and_index(client, operations, agent):
    by_form(client, {"manager": "Arjun Rao"})
    by_form(client, {"manager": "Meera Iyer", "name": "Bina"})
    by_form(client, {"name": "Chetan"})
    assert found(client, manager="me") == ["Bina"]
    assert found(client, manager="Arjun Rao") == ["Asha Rao"]
    assert found(client, manager__in=f"{number(agent)},meera@acme.example") == ["Asha Rao", "Bina"]
    assert found(client, manager__ne="me") == ["Asha Rao"]
    assert found(client, manager__is_empty="true") == ["Chetan"]
    wrong = client.get("/api/v1/leads", {"line": "typed", "data.manager": "Nobody"})
    assert codes(wrong) == ["data.manager:choice"]
    assert client.get("/api/v1/leads", {"line": "typed", "data.manager__starts_with": "1"}).status_code == 400
    assert client.get("/api/v1/leads", {"line": "typed", "ordering": "data.manager"}).status_code == 400
    values = set(LeadValue.objects.values_list("text_value", flat=True))
    assert values == {number(agent), number(operations)}
    page = client.get("/leads/?line=typed&columns=data.manager&data.manager=me").content.decode()
    assert "Meera Iyer" in page and ">Me<" in page


def test_a_list_of_fifty_names_members_in_one_query(
    client, operations, agent, django_assert_max_num_queries, line
):
    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as seen:
            client.get("/leads/?line=typed&columns=data.manager")
        return len(seen)

    by_form(client, {"manager": "Arjun Rao"})
    few = queries()
    for name in ("Bina", "Chetan", "Dev"):
        by_form(client, {"manager": "Meera Iyer", "name": name})
    assert queries() == few


def test_history_names_members(client, operations, agent):
    lead = by_form(client, {"manager": "Arjun Rao"})
    assert patched(client, lead, {"manager": "Meera Iyer"}).status_code == 200
    changes = client.get(f"/api/v1/leads/{lead.reference}/timeline").json()["results"][0]["changes"]
    assert changes == [{"name": "data.manager", "label": "Manager", "old": "Arjun Rao", "new": "Meera Iyer"}]


def test_suggestions_are_names_alone(client, agent, actor_for, client_for):
    answer = client.get("/leads/choose/members/", {"input": "field-manager", "field-manager": "rao ar"})
    assert "Arjun Rao" in answer.content.decode() and "@" not in answer.content.decode()
    assert "Arjun" not in client.get("/leads/choose/members/?input=q&q=meera").content.decode()
    partner = client_for(actor_for(Role.PARTNER, name="Portal"))
    assert partner.get("/leads/choose/members/").status_code == 403
    assert "Portal" not in client.get("/leads/choose/members/").content.decode()


def test_a_partner_system_learns_of_nobody(line, actor_for, client_for):
    partner = client_for(actor_for(Role.PARTNER))
    for written in ("Arjun Rao", "arjun@acme.example", "nobody@acme.example"):
        assert codes(by_api(partner, {"manager": written})) == ["data.manager:choice"]


def test_a_partner_system_learns_of_nobody_by_filters_either(line, agent, actor_for, client_for):
    partner = client_for(actor_for(Role.PARTNER))

    def asked(written: str) -> int:
        return partner.get("/api/v1/leads", {"line": "typed", "data.manager": written}).status_code

    assert {asked(text) for text in ("Arjun Rao", "arjun@acme.example", "nobody@acme.example")} == {400}
    assert asked(number(agent)) == asked("987654321") == asked("me") == 200


def test_rules_read_members_by_number(operations, agent, client_for):
    rule = {"field": "manager", "op": "eq", "value": agent.membership.pk}
    line = line_with(operations, MANAGER, {"key": "why", "label": "Why", "type": "text", "required_if": rule})
    client = client_for(operations)
    assert codes(by_api(client, {"manager": "Arjun Rao"})) == ["data.why:required"]
    assert by_api(client, {"manager": "Meera Iyer"}).status_code == 201
    assert line.version == 1


def test_masked_and_hidden(operations, leader, actor_for, client_for):
    boss = {**MANAGER, "key": "boss", "label": "Boss", "visible_to": ["admin"]}
    line = line_with(operations, MANAGER | {"pii": True}, boss)
    lead = create_lead(actor=leader, line=line, values={"name": "Asha Rao", "manager": number(leader)}).lead
    auditor = client_for(actor_for(Role.AUDITOR))
    seen = read(auditor, lead)
    assert seen["data"]["manager"] == "••••" and seen["masked"] == ["data.manager"]
    assert "boss" not in seen["data"]
    assert auditor.get("/api/v1/leads", {"line": "typed", "data.manager": "me"}).status_code == 400


def test_a_unique_member_is_no_search_word(operations, client_for):
    line_with(operations, MANAGER | {"unique": True})
    client = client_for(operations)
    by_form(client, {"manager": "Meera Iyer"})
    assert number(operations) not in set(LeadToken.objects.values_list("token", flat=True))
    assert codes(by_api(client, {"manager": "Meera Iyer"})) == ["data.manager:unique"]
