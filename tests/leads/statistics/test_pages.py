"""Pages, calls and commands tell the same figures, and nobody is told of what they do not see."""

import io
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.actor import Actor
from accounts.roles import Role
from core.jobs import run_job_inline
from core.models import Job, Organization
from core.scope import organization_scope, system_scope
from leads.models import BusinessLine
from leads.queries.statistics import counted
from leads.services.leads import create_lead, update_lead
from leads.services.statistics.judging import judge_quality
from tests.factories import make_actor
from tests.leads.lines.definitions import make_line
from tests.leads.statistics.conftest import listed

FIELDS = [
    {"key": "full_name", "label": "Name", "type": "text", "maps_to": "name"},
    {"key": "city", "label": "City", "type": "select", "choices": ["Pune", {"value": "sur", "label": "Surat, City"}]},
    {"key": "income", "label": "Income", "type": "money", "indexed": True},
    {"key": "wants", "label": "Wants", "type": "multi_select", "choices": ["car", "home, big"]},
    {"key": "born", "label": "Born", "type": "date"},
    {"key": "called", "label": "Called", "type": "datetime"},
    {"key": "at", "label": "Best time", "type": "time"},
    {"key": "agrees", "label": "Agrees", "type": "boolean", "indexed": True},
    {"key": "margin", "label": "Margin", "type": "integer", "visible_to": ["operations", "admin"]},
]  # fmt: skip
VALUES = [
    {"full_name": "Asha", "city": "Pune", "income": "100", "wants": ["car"], "born": "1990-01-31", "margin": 3},
    {"full_name": "asha", "city": "sur", "income": "2500.50", "wants": ["car", "home, big"], "agrees": True,
     "at": "23:30"},
    {"full_name": "Ravi", "city": "Pune", "income": "90000", "born": "1990-02-01", "at": "09:15", "agrees": False,
     "called": "2026-01-31T23:00:00+05:30"},
    {"full_name": "Meera", "called": "2026-01-31T20:00:00+00:00"},
]  # fmt: skip


class World:
    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.operations = make_actor(organization, Role.OPERATIONS)
        self.leader = make_actor(organization, Role.TEAM_LEADER)
        self.agent = make_actor(organization, Role.AGENT, manager=self.leader)
        self.auditor = make_actor(organization, Role.AUDITOR)
        with organization_scope(organization):
            self.line: BusinessLine = make_line(self.operations, FIELDS)
            for number, values in enumerate(VALUES):
                actor = self.agent if number < 2 else self.operations
                given = {
                    key: value for key, value in values.items() if actor is self.operations or key != "margin"
                }
                source = {"source": "Website"} if number % 2 else {}
                lead = create_lead(actor=actor, line=self.line, values=given, attributes=source).lead
                if "margin" in values:
                    margin = {"margin": values["margin"]}
                    update_lead(actor=self.operations, reference=lead.reference, values=margin)

    def client(self, actor: Actor) -> Client:
        client = Client()
        with system_scope(reason="test"):
            client.force_login(actor.user)
        return client

    def call(self, actor: Actor, path: str = "statistics", **parameters: str) -> dict:
        answer = self.client(actor).get(f"/api/v1/lines/loan/{path}", parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture
def world(organization: Organization) -> World:
    return World(organization)


def labels(figures: dict) -> dict[str, int]:
    return {bar["label"]: bar["count"] for bar in figures["bars"] if bar["count"]}


def test_each_kind_of_field_is_told_its_way_and_leads_to_its_leads(world):
    told = {field["name"]: field for field in world.call(world.operations)["fields"]}
    bars = {}
    for name in told:
        figures = world.call(world.operations, field=name)["field"]
        assert figures["filled"]["count"] == told[name]["filled"]["count"]
        bars[name] = labels(figures)
        with organization_scope(world.organization):
            for each in [*figures["bars"], figures["filled"], figures["empty"]]:
                assert listed(world.operations, world.line, each["filters"]) == each["count"], (name, each)
    assert bars["data.full_name"] in ({"Asha": 2, "Meera": 1, "Ravi": 1}, {"asha": 2, "Meera": 1, "Ravi": 1})
    assert bars["data.city"] == {"Pune": 2, "Surat, City": 1}
    assert bars["data.wants"] == {"car": 2, "home, big": 1}
    assert bars["data.born"] == {"31 Jan 1990": 1, "1 Feb 1990": 1}
    assert bars["data.called"] == {"31 Jan 2026": 1, "1 Feb 2026": 1}
    assert bars["data.at"] == {"09:00": 1, "23:00": 1}
    assert bars["data.agrees"] == {"Yes": 1, "No": 1}
    assert bars["data.margin"] == {"3": 1}
    assert sum(bars["data.income"].values()) == 3
    summary = {
        each["label"]: each["value"]
        for each in world.call(world.operations, field="income")["field"]["summary"]
    }
    assert (summary["Median"], summary["Mean"]) == ("₹ 2,500.50", "₹ 30,866.83")


def test_an_agent_a_leader_and_operations_see_the_figures_of_their_leads(world):
    assert [
        world.call(who)["overview"]["leads"] for who in (world.agent, world.leader, world.operations)
    ] == [2, 2, 4]
    for who in (world.agent, world.leader, world.auditor):
        names = {field["name"] for field in world.call(who)["fields"]}
        assert ("data.margin" in names) is False
        assert world.client(who).get("/api/v1/lines/loan/statistics?field=margin").status_code == 400
        assert world.client(who).get("/lines/loan/statistics/?field=margin").status_code == 404
        assert b"Margin" not in world.client(who).get("/lines/loan/statistics/").content
    team = str(world.leader.membership.pk)
    assert world.call(world.operations, team=team)["overview"]["leads"] == 2
    assert world.client(world.agent).get(f"/api/v1/lines/loan/statistics?team={team}").status_code == 400
    other = str(world.operations.membership.pk)
    assert world.client(world.leader).get(f"/api/v1/lines/loan/statistics?owner={other}").status_code == 400


def test_period_source_and_owner_narrow_every_figure_down(world):
    owner = str(world.agent.membership.pk)
    told = world.call(
        world.operations, source="website", owner=owner, **{"from": "2020-01-01", "to": "2100-01-01"}
    )
    assert told["overview"]["leads"] == 1
    with organization_scope(world.organization):
        for each in [*told["overview"]["created"], *told["overview"]["status"]]:
            assert listed(world.operations, world.line, each["filters"]) == each["count"]
    assert world.call(world.operations, to="2020-01-01")["overview"]["leads"] == 0
    for wrong in (
        "from=soon",
        "owner=me",
        "from=2026-01-02&to=2026-01-01",
        "colour=red",
        "owner=99999999999999999999",
    ):
        assert (
            world.client(world.operations).get(f"/api/v1/lines/loan/statistics?{wrong}").status_code == 400
        ), wrong
    page = world.client(world.operations).get("/lines/loan/statistics/?from=soon")
    assert page.status_code == 200
    assert "Write a day as 2025-01-31." in page.content.decode()


def test_the_links_of_a_page_show_as_many_leads_as_it_says(world):
    client = world.client(world.operations)
    page = client.get("/lines/loan/statistics/", {"field": "data.city"})
    found = 0
    for bar in page.context["bars"]:
        rows = client.get(bar["url"]).context["rows"]
        assert len(rows) == bar["count"]
        assert parse_qs(urlsplit(bar["url"]).query)["line"] == ["loan"]
        found += 1
    assert found == 2


def test_too_many_leads_are_counted_by_a_job_and_shown_with_its_time(world, monkeypatch):
    monkeypatch.setattr(counted, "AT_ONCE", 1)
    monkeypatch.setattr(counted, "AT_ONCE_INDEXED", 3)
    client = world.client(world.operations)
    assert world.call(world.operations, field="city")["state"] == "not_counted"
    assert b"Count now" in client.get("/lines/loan/statistics/?field=city").content
    assert world.call(world.operations)["overview"]["leads"] == 4  # by the tallies, at any number
    assert client.get("/api/v1/lines/loan/statistics?field=city&format=csv").status_code == 400

    for _press in range(2):
        answer = client.post("/lines/loan/statistics/count/", {"what": "field:data.city"})
        assert answer.headers["Location"] == "/lines/loan/statistics/?field=data.city"
    with organization_scope(world.organization):
        job = Job.objects.get(kind=counted.COUNT_FIGURES)
        run_job_inline(job)

    told = world.call(world.operations, field="city")
    assert told["state"] == "counted"
    assert told["counted_at"]
    assert labels(told["field"]) == {"Pune": 2, "Surat, City": 1}
    assert b"Count again" in client.get("/lines/loan/statistics/?field=city").content
    # The same of other leads, and of who sees other fields, is not this.
    assert world.call(world.operations, field="city", source="Website")["state"] == "not_counted"
    assert world.call(world.auditor, field="city")["state"] == "not_counted"


def test_commands_and_files_tell_the_same(world):
    def run(name: str, *arguments: str) -> dict:
        out = io.StringIO()
        call_command(name, *arguments, "--json", organization="figures", line="loan", stdout=out)
        return json.loads(out.getvalue())

    assert (
        run("line_statistics", "--field", "city")["field"]
        == world.call(world.operations, field="city")["field"]
    )
    assert run("line_statistics")["overview"] == world.call(world.operations)["overview"]
    quality = run("data_quality")
    told = world.call(world.operations, "quality")
    assert {name: told[name] for name in quality} == quality
    client = world.client(world.operations)
    for address, first in (
        ("/lines/loan/statistics/?field=city&format=csv", '"City","Leads","Share, %"'),
        ("/api/v1/lines/loan/statistics?format=csv", '"Field","Key","Filled"'),
        ("/lines/loan/quality/?format=csv", '"By","Which","Leads"'),
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        assert text.startswith(first), text
    out = io.StringIO()
    call_command("line_statistics", organization="figures", line="loan", stdout=out)
    assert "4 leads" in out.getvalue()
    out = io.StringIO()
    call_command("data_quality", organization="figures", line="loan", stdout=out)
    assert "target 98.5 %" in out.getvalue()


def test_quality_is_judged_from_its_page_and_tells_a_reader_that_it_was_not_yet(world):
    client = world.client(world.operations)
    assert b"Judge now" in client.get("/lines/loan/quality/").content
    assert b"Judge now" not in world.client(world.auditor).get("/lines/loan/quality/").content
    assert world.call(world.operations, "quality")["judged_at"] is None
    assert client.post("/lines/loan/quality/judge/").status_code == 302
    with organization_scope(world.organization):
        run_job_inline(judge_quality(actor=world.operations, line=world.line))
    page = client.get("/lines/loan/quality/")
    assert page.context["tiles"][0]["figure"].startswith("100.0")
    assert page.context["months"][0]["leads"] == 4
