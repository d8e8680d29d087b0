"""What history and the first page of the console show: no raw cells, masked values of every time, the work left."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from core.admin.intakes import imports_with_rejected_rows
from core.jobs import run_job_inline
from core.services.intakes import check_intake, correct_rows, load_intake, receive_file
from leads.models import Field
from leads.services.leads import create_lead, update_lead
from leads.services.lines import add_field, create_line, publish_line, update_field

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]
NAME = {"key": "name", "label": "Name", "type": "text", "maps_to": "name", "pii": True}
TOWN = {"key": "town", "label": "Town", "type": "text", "maps_to": "city"}
NUMBER = {"key": "number", "label": "Number", "type": "integer"}


@pytest.fixture
def operations(actor_for):
    return actor_for(Role.OPERATIONS)


@pytest.fixture
def line(operations):
    line = create_line(actor=operations, code="loan", name="Loan")
    for definition in (NAME, TOWN, NUMBER):
        add_field(actor=operations, line=line, definition=definition)
    publish_line(actor=operations, line=line)
    line.refresh_from_db()
    return line


@pytest.fixture
def pages(actor_for, client_for, operations):
    """The text of a page of the console, as operations and as an auditor read it."""
    clients = [client_for(operations), client_for(actor_for(Role.AUDITOR))]

    def read(name, row):
        address = reverse(f"admin:{name}", args=[row.pk])
        return [client.get(address).content.decode() for client in clients]

    return read


def receive(actor, text):
    return receive_file(
        actor=actor, importer="leads", target="loan", filename="leads.csv", chunks=[text.encode()]
    )


def make_personal(actor, line, key, pii=True):
    update_field(actor=actor, field=Field.objects.get(line=line, key=key), changes={"pii": pii})
    publish_line(actor=actor, line=line)


def test_the_history_of_an_import_shows_no_cells(operations, line, pages):
    intake = receive(operations, "Name,Number,Secret Header\nSecret Person,abc,Secret Cell\n")
    run_job_inline(check_intake(actor=operations, intake_id=intake.pk, inline=True))
    for page in pages("core_intake_history", intake):
        assert "checking" in page
        assert "Secret" not in page


def test_a_field_that_has_become_personal_is_masked_in_old_values_too(operations, line, pages):
    lead = create_lead(actor=operations, line=line, values={"name": "A", "town": "Old Town"}).lead
    update_lead(actor=operations, reference=lead.reference, values={"town": "New Town"})
    make_personal(operations, line, "town")
    for name in ("leads_lead_history", "leads_lead_change"):
        clear, masked = pages(name, lead)
        assert "New Town" in clear
        assert "Town<" in masked, "the label stands"
        assert "Old Town" not in masked
        assert "New Town" not in masked


def test_a_field_that_was_personal_stays_masked_in_the_values_of_its_time(operations, line, pages):
    lead = create_lead(actor=operations, line=line, values={"name": "Asha Rao"}).lead
    make_personal(operations, line, "name", pii=False)
    for name in ("leads_lead_history", "leads_lead_change"):
        clear, masked = pages(name, lead)
        assert "Asha Rao" in clear
        assert "Asha Rao" not in masked


def test_the_queue_of_rejected_rows_empties(operations, line):
    intake = receive(operations, "Name,Number\nAsha,abc\nBea,def\nCid,5\n")
    run_job_inline(load_intake(actor=operations, intake_id=intake.pk, inline=True))
    queue = imports_with_rejected_rows(operations)
    assert (queue.count, [str(item.note) for item in queue.items]) == (1, ["2 rows"])
    correct_rows(actor=operations, intake_id=intake.pk, cells={2: {1: "8"}})
    assert [str(item.note) for item in imports_with_rejected_rows(operations).items] == ["1 rows"]
    correct_rows(actor=operations, intake_id=intake.pk, cells={3: {1: "9"}})
    assert imports_with_rejected_rows(operations).count == 0


def test_the_menu_names_the_person_and_the_address_once(actor_for, client_for):
    for name, shown in (("Asha Rao", "Asha Rao"), ("", "nameless")):
        email = f"{(name or 'nameless').split()[0].lower()}@acme.example"
        page = client_for(actor_for(Role.ADMIN, name=name, email=email)).get("/console/").content.decode()
        assert page.count(email) == 1
        assert f">\n                {shown}\n" in page
