"""What the registry says of doors that redirect or redraw, tried: files, work on a lead, and the console's actions.

Each answer is searched, and so is the page that shows the words which a redirect leaves.
"""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from core.models import Intake
from leads.models import DoNotCall, FollowUp, FormSubmission, Lead, LeadAttachment
from tests.leads.doors.house import EDITORS, OFFER, PERSONAL, House, body, taken_back, told
from tests.leads.doors.test_writing import NEXT_PAGE

READERS_OF_THE_CONSOLE = (Role.AUDITOR, Role.FINANCE)


def tells(house: House, role: Role, path: str, data: dict[str, Any]) -> list[str]:
    """What a press tells, in its answer and in the words left for the next page."""
    client = house.client(house.actors[role])
    with taken_back():
        response = client.post(path, data)
        assert response.status_code != 500, path
        return told(role, body(response)) + told(role, body(client.get(reverse(NEXT_PAGE))))


@pytest.mark.parametrize("role", EDITORS)
def test_work_on_a_lead_tells_nothing_when_it_is_refused_or_done(house: House, role: Role) -> None:
    lead = [house.reference]
    attachment = [*lead, house.world.row(LeadAttachment).pk]
    follow_up = [*lead, house.world.row(FollowUp).pk]
    presses: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("leads:attachments", lead, {"kind": "quote", "file": SimpleUploadedFile("offer.txt", OFFER)}),
        ("leads:attachments", lead, {"kind": "other", "file": SimpleUploadedFile("offer.txt", OFFER)}),
        ("leads:attachments", lead, {"kind": ""}),
        ("leads:attachment", attachment, {"label": ""}),
        ("leads:attachment_remove", attachment, {}),
        ("leads:follow_up_postpone", follow_up, {"due_at": "yesterday"}),
        ("leads:follow_up_postpone", follow_up, {"to": "tomorrow"}),
        ("leads:follow_up_done", follow_up, {"from": "today"}),
        ("leads:notes", lead, {"text": ""}),
        ("leads:notes", lead, {"text": "Look."}),
        ("leads:follow_ups", lead, {"what": ""}),
        ("leads:engagements", lead, {"channel": "call"}),
        ("leads:consent", lead, {"purpose": ""}),
        ("leads:do_not_call", lead, {"reason": "Asked again"}),
        ("leads:work", lead, {"status": "nowhere", "stage": "nowhere"}),
        ("leads:tags", lead, {"tags": "Hot, " + "x" * 50}),
    ]
    found = {
        f"{url} {data}": values
        for url, ids, data in presses
        if (values := tells(house, role, reverse(url, args=ids), data))
    }
    assert found == {}


@pytest.mark.parametrize("role", EDITORS)
def test_what_is_masked_in_a_form_stays_as_it_was_written_when_it_is_left_alone(
    house: House, role: Role
) -> None:
    client = house.client(house.actors[role])
    for url, row, name in (
        ("leads:attachment", house.world.row(LeadAttachment), "label"),
        ("leads:follow_up", house.world.row(FollowUp), "what"),
    ):
        path = reverse(url, args=[house.reference, row.pk])
        form = client.get(path).context["form"]
        shown = {each.html_name: each.value() for each in form}
        assert "•" in shown[name]
        assert client.post(path, shown).status_code == 302
        assert getattr(type(row).objects.get(pk=row.pk), name) == getattr(row, name)


@pytest.mark.parametrize("role", [Role.OPERATIONS])
def test_a_file_of_somebody_elses_tells_nothing_at_any_press(house: House, role: Role) -> None:
    intake = house.world.row(Intake).pk
    client = house.client(house.actors[role])
    grid = client.get(reverse("leads:import_grid", args=[intake]))
    assert told(role, body(grid)) == []
    cells = {f"cell-{row}-{column}": "no such value" for row in (2, 3) for column in range(len(PERSONAL) + 4)}
    presses = [
        ("leads:import_grid", cells),
        ("leads:import_grid", {"cell-2-0": ""}),
        ("leads:import_match", {"column_0": "mail"}),
        ("leads:import_load", {}),
        ("leads:import_correct", {"field": "mail", "from": "x", "to": "y"}),
        ("leads:import_pause", {}),
        ("leads:import_cancel", {}),
        ("leads:import_rollback", {}),
    ]
    for url, data in presses:
        assert tells(house, role, reverse(url, args=[intake]), data) == [], url
    for url in ("import-load", "import-cancel", "import-pause", "import-resume", "import-rollback"):
        path = reverse(f"api:{url}", kwargs={"intake_id": intake})
        with taken_back():
            response = client.post(path, {}, content_type="application/json")
        assert response.status_code != 500, url
        assert told(role, body(response)) == [], url


def test_the_actions_of_the_console_tell_nothing(house: House) -> None:
    role = Role.OPERATIONS
    for name, row in (
        ("leads_lead_withdraw", house.world.row(Lead)),
        ("leads_formsubmission_accept", house.world.row(FormSubmission)),
        ("leads_formsubmission_discard", house.world.row(FormSubmission)),
        ("core_intake_roll_back", house.world.row(Intake)),
    ):
        assert tells(house, role, reverse(f"admin:{name}", args=[row.pk]), {}) == [], name


@pytest.mark.parametrize("role", READERS_OF_THE_CONSOLE)
def test_the_do_not_call_list_is_masked_for_who_only_reads(house: House, role: Role) -> None:
    client = house.client(house.actors[role])
    row = house.world.row(DoNotCall)
    pages = [
        reverse("admin:leads_donotcall_changelist"),
        reverse("admin:leads_donotcall_change", args=[row.pk]),
    ]
    for path in pages:
        page = client.get(path)
        assert page.status_code == 200
        assert told(role, body(page)) == []
        assert "••••1234" in body(page)
    known, nonsense = (
        body(client.get(pages[0], {"q": number})).count("••••1234") for number in (PERSONAL["phone"], "+910")
    )
    assert known == nonsense
