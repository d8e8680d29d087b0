"""Imports beside one another, beside pages and beside a publication: each phone one lead, nobody in a deadlock."""

import random
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from accounts.actor import Actor
from accounts.roles import Role
from core.errors import Conflict
from core.jobs import run_job_inline
from core.models import Intake, Job, Organization
from core.queries.intakes import get_intake
from core.scope import current_scope, entered, organization_scope
from core.services.intake_work import pause_intake, resume_intake
from core.services.intakes import correct_rows, load_intake
from leads.intake import LeadImporter
from leads.models import BusinessLine, DuplicateKey, Field, Lead, LeadToken, LeadValue
from leads.services.leads import create_lead, update_lead
from leads.services.lines import add_field, publish_line, update_field
from tests.factories import make_actor, make_organization
from tests.leads.intake.sheets import csv_of, e164, person, phone, phones
from tests.leads.loans import load, loan_values, make_loan_line, receive

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 25
PATIENCE = 60.0


@pytest.fixture
def operations() -> Iterator[Actor]:
    """Somebody of operations, all of whose work is committed."""
    organization: Organization = make_organization("acme")
    actor = make_actor(organization, Role.OPERATIONS)
    with organization_scope(organization):
        make_loan_line(actor)
        yield actor


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many short batches, so that they meet."""
    monkeypatch.setattr("core.intake.reading.MOST_ROWS", BATCH)
    monkeypatch.setattr("core.intake.reading.FEWEST_ROWS", BATCH)


class Beside(Thread):
    """A piece of work beside the test, in its scope and on a connection of its own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.scope = current_scope()
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with entered(self.scope):
                self.result = self.work()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()

    def end(self) -> Any:
        """Wait for the work and return what it returned."""
        self.join(PATIENCE)
        assert not self.is_alive(), "still waiting"
        if self.error:
            raise self.error
        return self.result


def begin(actor: Actor, content: bytes, **options: Any) -> Callable[[], Intake]:
    """Return the work of loading a file that is received already."""
    intake = receive(actor, content, **options)
    job = load_intake(actor=actor, intake_id=intake.pk, inline=True)

    def work() -> Intake:
        run_job_inline(job)
        return get_intake(actor, intake.pk)

    return work


def assert_sound(people: int) -> None:
    """Each phone is one live lead with one key, one set of values and its tokens."""
    leads = Lead.objects.in_bulk()
    assert len(leads) == len(phones()) == people
    keys = dict(DuplicateKey.objects.values_list("lead_id", "key"))
    assert keys == {pk: f"match:phone:{lead.phone}" for pk, lead in leads.items()}
    indexed = Field.objects.filter(indexed=True).count()
    assert LeadValue.objects.count() == people * indexed
    assert set(LeadToken.objects.values_list("lead_id", flat=True)) == set(leads)


def no_deadlocks() -> bool:
    """Whether no job had to begin anew because the database broke a deadlock."""
    return not any("database failed" in line["text"] for job in Job.objects.all() for line in job.log)


def shuffled(count: int, seed: int, **changes: Any) -> bytes:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return csv_of(*(person(number, **changes) for number in order))


@pytest.mark.parametrize("mode", ["skip", "update"])
def test_imports_of_the_same_people_make_one_lead_of_each(operations: Actor, mode: str) -> None:
    """They meet in different orders, and all repeat the same leads that stand."""
    load(operations, csv_of(*(person(number) for number in range(0, 150, 3))))
    works = [
        begin(operations, shuffled(150, seed, employer=f"Mill {seed}"), on_duplicate=mode)
        for seed in range(3)
    ]

    intakes = [thread.end() for thread in [Beside(work) for work in works]]

    assert_sound(150)
    assert sum(intake.accepted - intake.updated for intake in intakes) == 100
    repeats = sum(intake.duplicate for intake in intakes)
    assert repeats + sum(intake.accepted for intake in intakes) == 450
    assert sum(Lead.objects.values_list("repeat_enquiries", flat=True)) == repeats
    assert no_deadlocks()


def test_an_import_while_pages_create_and_edit_the_same_people(operations: Actor) -> None:
    load(operations, csv_of(*(person(number) for number in range(20))))
    line = BusinessLine.objects.get()
    references = list(Lead.objects.values_list("reference", flat=True))

    def create() -> int:
        made = 0
        for number in random.Random(1).sample(range(200), 60):
            values = loan_values(mobile=phone(number), full_name=f"Page {number}")
            made += create_lead(actor=operations, line=line, values=values).is_new
        return made

    def edit() -> None:
        for turn, reference in enumerate(references):
            update_lead(actor=operations, reference=reference, values={"employer": f"Edited {turn}"})

    importing = Beside(begin(operations, shuffled(200, 5)))
    creating, editing = Beside(create), Beside(edit)
    intake, made = importing.end(), creating.end()
    editing.end()

    assert no_deadlocks()
    assert_sound(200)
    assert intake.accepted + made == 180
    assert intake.accepted + intake.duplicate == 200


def test_one_row_is_corrected_by_one_of_two(operations: Actor) -> None:
    root = load(operations, csv_of(*(person(number, pan="bad") for number in range(30))))
    column = root.mapping.index("pan")
    cells = {number: {column: "ABCDE1234F"} for number in range(2, 32)}

    def correct() -> int:
        outcomes = correct_rows(actor=operations, intake_id=root.pk, cells=cells)
        return sum(outcome.result == "accepted" for outcome in outcomes.values())

    accepted = [thread.end() for thread in [Beside(correct), Beside(correct)]]

    assert sorted(accepted) == [0, 30]
    assert_sound(30)


def test_a_publication_waits_for_the_batch_and_counts_from_the_next(
    operations: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of the second batch a field is published that is indexed and has a default."""
    line = BusinessLine.objects.get()
    definition = {"key": "priority", "label": "Priority", "type": "text", "default": "low", "indexed": True}
    add_field(actor=operations, line=line, definition=definition)
    real = LeadImporter.write
    batches: list[Any] = []
    publications: list[Beside] = []

    def write(self: LeadImporter, rows: Any) -> Any:
        batches.append(rows)
        outcomes = real(self, rows)
        if len(batches) == 2:
            publications.append(Beside(lambda: publish_line(actor=operations, line=line)))
            publications[0].join(0.3)
            assert publications[0].is_alive(), "the publication did not wait for the batch"
        if len(batches) == 3 and publications[0].is_alive():
            raise AssertionError("the publication still waits")
        return outcomes

    def before_the_third(self: LeadImporter, rows: Any) -> Any:
        if len(batches) == 2:
            publications[0].end()
        return write(self, rows)

    monkeypatch.setattr(LeadImporter, "write", before_the_third)
    load(operations, csv_of(*(person(number) for number in range(4 * BATCH))))

    versions = list(Lead.objects.order_by("row_number").values_list("version", flat=True))
    assert versions == [1] * 2 * BATCH + [2] * 2 * BATCH
    assert all("priority" in lead.data for lead in Lead.objects.filter(version=2))
    field_id = Field.objects.get(key="priority").pk
    assert LeadValue.objects.filter(field_id=field_id).count() == 2 * BATCH


def test_a_field_that_becomes_required_during_an_import_rejects_from_then_on(
    operations: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = BusinessLine.objects.get()
    real = LeadImporter.write
    batches: list[Any] = []

    def write(self: LeadImporter, rows: Any) -> Any:
        batches.append(rows)
        if len(batches) == 2:
            Beside(
                lambda: (
                    update_field(
                        actor=operations,
                        field=Field.objects.get(key="credit_score"),
                        changes={"required": True},
                    ),
                    publish_line(actor=operations, line=line),
                )
            ).end()
        return real(self, rows)

    monkeypatch.setattr(LeadImporter, "write", write)
    rows = (person(number, credit_score="") for number in range(2 * BATCH))
    intake = load(operations, csv_of(*rows))

    assert (intake.accepted, intake.reasons) == (BATCH, {"credit_score:required": BATCH})
    assert e164(BATCH) not in phones()


def test_of_many_who_press_at_once_one_is_obeyed_and_each_gets_an_answer(operations: Actor) -> None:
    intake = receive(operations, csv_of(person(1)))
    load_intake(actor=operations, intake_id=intake.pk)

    def press(service: Callable[..., Intake]) -> str:
        try:
            service(actor=operations, intake_id=intake.pk)
        except Conflict as conflict:
            return conflict.code
        return "obeyed"

    for service, refusal in ((pause_intake, "already_paused"), (resume_intake, "not_paused")):
        presses = [Beside(lambda: press(service)) for _ in range(5)]  # noqa: B023 - they end within the loop
        assert sorted(each.end() for each in presses) == sorted([refusal] * 4 + ["obeyed"])
