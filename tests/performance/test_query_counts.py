"""Each page and call makes the queries that the table allows, whether it shows few leads or many."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Absence
from accounts.roles import Role
from core.scope import Scope, entered, organization_scope, system_scope
from core.services.intakes import receive_file
from core.services.saved_mappings import save_mapping
from leads.models import (
    Arrival,
    BusinessLine,
    DuplicatePair,
    Field,
    HandOver,
    Lead,
    PlaceLook,
    Source,
    WatchedPlace,
)
from leads.queries.form_links import form_link_scope
from leads.services.accepting import create_acceptance_rule
from leads.services.attachments import attach_file, remove_attachment
from leads.services.configuring import configure_line
from leads.services.consent import record_consent
from leads.services.engagements import start_engagement
from leads.services.fields import update_field
from leads.services.follow_ups import plan_follow_up
from leads.services.form_links import create_form_link
from leads.services.form_submissions import FilledForm, submit_form
from leads.services.leads import create_lead, update_lead
from leads.services.notes import write_note
from leads.services.saved_views import save_view
from leads.services.scoring import create_score_rule
from leads.services.stalling import create_stall_rule
from leads.services.tags import set_lead_tags
from tests.factories import make_actor, make_organization
from tests.leads.lines.definitions import make_line
from tests.performance.many_leads import FIELDS
from tests.performance.query_counts import hold_count, read_counts

pytestmark = pytest.mark.django_db
# Less than a page of leads, and more.
FEW, MANY = 3, 60
# How many other lines there are with so many leads; with fifty, a thousand fields.
LINES = {FEW: 1, MANY: 50}


class World:
    """A line with some leads of two people, worked a little, and who looks at them."""

    def __init__(self, size: int) -> None:
        self.organization = make_organization(f"counted-{size}")
        self.operations = make_actor(self.organization, Role.OPERATIONS)
        self.leader = make_actor(self.organization, Role.TEAM_LEADER, name="Leela Nair")
        self.agent = make_actor(self.organization, Role.AGENT, manager=self.leader)
        self.auditor = make_actor(self.organization, Role.AUDITOR)
        with organization_scope(self.organization):
            self.line: BusinessLine = make_line(self.operations, FIELDS)
        self.references: list[str] = []
        self._capture(size)
        self._attach(size)
        self._pair()
        self._leave(size)
        self._configure(LINES[size])
        self._remember(LINES[size])

    def _capture(self, size: int) -> None:
        with organization_scope(self.organization):
            for number in range(size):
                actor = self.agent if number % 2 else self.leader
                values = {"full_name": f"Asha {number}", "mobile": f"+9198765{number:05d}", "town": "Pune"}
                values |= {"kind": "common", "income": "100", "code": f"code-{number}"}
                origin = {"source": f"Source {number % 3}", "campaign": f"Campaign {number % 2}"}
                lead = create_lead(actor=actor, line=self.line, values=values, attributes=origin).lead
                update_lead(actor=actor, reference=lead.reference, values={"income": str(number)})
                self._work(actor, lead.reference, number)
                self.references.append(lead.reference)

    def _work(self, actor: Actor, reference: str, number: int) -> None:
        """A note that mentions, and something to do, of a day each; every third lead is left alone."""
        if number % 3 == 2:
            return
        write_note(actor=actor, reference=reference, text=f"@Leela Nair, note {number}")
        start_engagement(actor=actor, reference=reference, channel="call")
        record_consent(
            actor=actor,
            reference=reference,
            purpose=f"Offers {number}",
            channel="call",
            state="given",
            wording="Yes",
            door="page",
        )
        due = timezone.now() + timedelta(hours=number * 5 + 1)
        plan_follow_up(
            actor=self.leader,
            reference=reference,
            what=f"Call {number}",
            due_at=due,
            assignee=actor.membership,
        )

    def _leave(self, number: int) -> None:
        """Absences of the agent, one of them now, with a deputy; and hand-overs of the agent's."""
        member, deputy = self.agent.membership, self.leader.membership
        day = timezone.now().date()
        with organization_scope(self.organization):
            Absence.objects.bulk_create(
                Absence(
                    organization=self.organization,
                    membership=member,
                    deputy=deputy,
                    first_day=day + timedelta(days=3 * each - 1),
                    last_day=day + timedelta(days=3 * each + 1),
                )
                for each in range(number)
            )
            HandOver.objects.bulk_create(
                HandOver(
                    organization=self.organization, source=member, method="person", target=deputy, by=deputy
                )
                for _each in range(number)
            )

    def _attach(self, number: int) -> None:
        """Files of the lead that is looked at, half of them removed."""
        where = {"actor": self.leader, "reference": self.references[1]}
        with organization_scope(self.organization):
            for each in range(number):
                made = attach_file(
                    **where,
                    kind="quote",
                    filename=f"{each}.txt",
                    chunks=[f"{self.organization.slug} {each}".encode()],
                )
                if each % 2:
                    remove_attachment(**where, attachment_id=made.attachment.pk)

    def _pair(self) -> None:
        """Each lead and the next may be the same."""
        with organization_scope(self.organization):
            leads = list(Lead.objects.order_by("pk"))
            DuplicatePair.objects.bulk_create(
                DuplicatePair(
                    organization=self.organization,
                    line=self.line,
                    first=one,
                    second=other,
                    score=80,
                    reasons=["phone"],
                )
                for one, other in pairwise(leads)
            )

    def _configure(self, lines: int) -> None:
        """Other lines with twenty fields each, published, and a draft of the first that differs."""
        fields = [
            {"key": f"field_{number}", "label": f"Field {number}", "type": "text"} for number in range(20)
        ]
        with organization_scope(self.organization):
            for number in range(lines):
                configure_line(
                    actor=self.operations,
                    code=f"line-{number}",
                    settings={"name": f"Line {number}"},
                    definitions=fields,
                )
            kind = Field.objects.get(line=self.line, key="kind")
            update_field(actor=self.operations, field=kind, changes={"required": True, "choices": ["common"]})
            self.field_id = kind.pk
            self._open_forms(lines)
            self._rule(min(lines, 40))
            self._keep(lines)

    def _watch(self, number: int) -> None:
        """As many acceptance rules and watched places, each with a file that waits."""
        for each in range(number):
            source = Source.objects.get(name="Source 0")
            create_acceptance_rule(
                actor=self.operations, source=source, line=self.line, name=f"Rule {each}", daily_cap=9_999
            )
            place = WatchedPlace.objects.create(name=f"P {each}", path=f"p{each}", line=self.line)
            PlaceLook.objects.create(place=place, error="It cannot be reached.")
            Arrival.objects.create(
                place=place, identity=f"{each:064d}", name="a.csv", state="waiting", intake_id=self.intake_id
            )
            self.arrival_id = Arrival.objects.latest("pk").pk

    def _keep(self, number: int) -> None:
        """As many views of everybody, of a team and of roles, and tags on the leads."""
        for title in range(number):
            settings = {"name": f"View {title}", "columns": ["stage", "tags"], "sharing": "organization"}
            self.view_id = save_view(actor=self.operations, line=self.line, settings=settings).pk
        save_view(actor=self.leader, line=self.line, settings={"name": "Team", "sharing": "team"})
        for reference in self.references:
            set_lead_tags(actor=self.operations, reference=reference, tags=["Hot", "VIP"])

    def _rule(self, number: int) -> None:
        """Rules of the first line for scores and stalled leads, none in use."""
        for each in range(number):
            settings = {
                "actor": self.operations,
                "line": self.line,
                "name": f"Rule {each}",
                "is_active": False,
            }
            condition = {"field": "town", "op": "eq", "value": "Pune"}
            self.score_rule_id = create_score_rule(**settings, points=each + 1, condition=condition).pk
            create_stall_rule(**settings, owner_after=60)

    def _open_forms(self, number: int) -> None:
        """Forms of the first line, each with an enquiry that is held."""
        source = Source.objects.get(name="Source 0")
        for title in range(number):
            link = create_form_link(
                actor=self.operations, line=self.line, source=source, title=f"Form {title}"
            )
            with form_link_scope(link):
                filled = FilledForm({"full_name": "Asha", "mobile": "9876512345"}, "press", is_trapped=True)
                submit_form(link=link, sent=filled)
        self.token = link.token

    def _remember(self, mappings: int) -> None:
        """Files of as many kinds, each with its saved mapping."""
        with organization_scope(self.organization):
            for number in range(mappings):
                intake = receive_file(
                    actor=self.operations,
                    importer="leads",
                    target=self.line.code,
                    filename=f"{number}.csv",
                    chunks=[f"Name,Mobile,A{number},B{number},C{number}\nAsha,{number},,,\n".encode()],
                )
                self.mapping_id = save_mapping(
                    actor=self.operations, intake_id=intake.pk, name=f"M {number}"
                ).pk
                self.intake_id = intake.pk
            self._watch(mappings)

    def client(self, role: str) -> Client:
        """A client in which the person of that role is signed in; nobody is, for a visitor."""
        if role == "visitor":
            return Client()
        actor: Actor = getattr(self, role)
        client = Client()
        with system_scope(reason="test"):
            client.force_login(actor.user)
        return client


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: object) -> Iterator[list[World]]:
    """A world of few leads and one of many, made once and taken back."""
    with django_db_blocker.unblock(), entered(Scope()), transaction.atomic():  # type: ignore[attr-defined]
        assert connection.settings_dict["NAME"].startswith("test"), "Mark the test with django_db."
        yield [World(FEW), World(MANY)]
        transaction.set_rollback(True)


@pytest.mark.parametrize("entry", read_counts())
def test_queries_are_as_many_as_the_table_allows(worlds, entry):
    role, method, address = entry.split(" ", 2)
    hold_count(entry, max(_count(world, world.client(role), method, address) for world in worlds))


def _count(world: World, client: Client, method: str, address: str) -> int:
    names = {
        "{other}": world.references[0],
        "{reference}": world.references[1],
        "{line}": world.line.pk,
        "{field}": world.field_id,
    }
    names["{token}"], names["{view}"] = world.token, world.view_id
    names["{member}"] = world.agent.membership.pk
    names |= {"{mapping}": world.mapping_id, "{intake}": world.intake_id}
    names["{score_rule}"] = world.score_rule_id
    path = address
    for name, value in names.items():
        path = path.replace(name, str(value))
    assert method == "GET", "Only reading is counted here."
    client.get(path)  # what a process loads once, such as the definition of a line
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200, f"{path}: {response.status_code}"
    return len(queries)
