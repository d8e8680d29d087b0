"""Tags in the story of a lead: put on and taken off, by whom, in the order of all that happened."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Tag
from leads.queries.history import lead_timeline
from leads.queries.leads import get_lead
from leads.services.notes import write_note
from leads.services.tags import set_lead_tags, withdraw_tag
from leads.services.undoing import undo_bulk_change
from tests.leads.lists.conftest import House
from tests.leads.lists.test_bulk import change


def story(house: House, **options) -> list[tuple[str, str, str]]:
    lead = get_lead(house.operations, house.leads[0].reference)
    entries = lead_timeline(house.operations, lead, **options).entries
    return [(entry.kind, entry.actor, entry.text) for entry in entries]


@pytest.fixture
def told(house: House) -> House:
    reference = house.leads[0].reference
    set_lead_tags(actor=house.agent, reference=reference, tags=["Hot"])
    write_note(actor=house.agent, reference=reference, text="She called.")
    set_lead_tags(actor=house.operations, reference=reference, tags=["Hot"])
    set_lead_tags(actor=house.operations, reference=reference, tags=[])
    return house


def test_who_put_a_tag_on_and_who_took_it_off(told: House) -> None:
    assert story(told)[:3] == [
        ("untagged", "System", "took off the tag “Hot”"),
        ("note", "Arjun Rao", "wrote"),
        ("tagged", "System", "put on the tag “Hot”"),
    ]


def test_a_change_of_many_and_its_undoing_are_told_with_their_jobs(told: House) -> None:
    job = change(told, told.operations, "tag", "Cold")
    undo = undo_bulk_change(actor=told.operations, job_id=job.pk)
    lead = get_lead(told.operations, told.leads[0].reference)
    newest = lead_timeline(told.operations, lead).entries[:2]
    assert [(entry.kind, entry.actor, entry.job_id) for entry in newest] == [
        ("untagged", "Omkar Joshi", undo.pk),
        ("tagged", "Omkar Joshi", job.pk),
    ]


def test_a_tag_that_was_withdrawn_is_still_named_and_pages_leave_nothing_out(told: House) -> None:
    withdraw_tag(actor=told.operations, tag_id=Tag.objects.get().pk)
    whole, cursor, pages = story(told), "", []
    lead = get_lead(told.operations, told.leads[0].reference)
    while not pages or cursor:
        page = lead_timeline(told.operations, lead, older_than=cursor, limit=1)
        pages += [(entry.kind, entry.actor, entry.text) for entry in page.entries]
        cursor = page.older
    assert pages == whole
    assert ("tagged", "System", "put on the tag “Hot”") in whole


def test_many_tags_cost_no_more_queries(told: House) -> None:
    lead = get_lead(told.operations, told.leads[0].reference)
    counts = []
    for tags in (["One"], [f"Tag {number}" for number in range(15)]):
        set_lead_tags(actor=told.agent, reference=lead.reference, tags=tags)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            lead_timeline(told.operations, lead)
        counts.append(len(queries))
    assert counts[0] == counts[1]
