"""What follows from a lead follows whoever writes it: merges, changes of many, hand-overs, and their undoing."""

from uuid import uuid4

import pytest
from django.utils import timezone

from core.scope import organization_scope
from leads.integrity import check_scores
from leads.models import Lead, StallClock
from leads.queries.lead_list import LeadListQuery
from leads.services.bulk import Change, change_many_leads
from leads.services.handing_over import hand_over, take_back
from leads.services.merging import merge_leads, undo_merge
from leads.services.scoring import create_score_rule
from leads.services.stalling import create_stall_rule
from leads.services.undoing import undo_bulk_change
from tests.factories import make_organization
from tests.leads.merging.conftest import House, make_house
from tests.leads.merging.snapshots import differences, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def ruled(db):
    """The line gives points for an income and for being approved, and its leads may wait an hour."""
    organization = make_organization("ruled", currency="INR", timezone="Asia/Kolkata")
    with organization_scope(organization):
        yield with_rules(make_house(organization))


def with_rules(house: House) -> House:
    told = {"actor": house.operations, "line": house.line}
    income = {"field": "income", "op": "is_not_empty"}
    create_score_rule(**told, name="Income", points=10, condition=income)
    create_score_rule(
        **told, name="Approved", points=5, condition={"field": "status", "op": "eq", "value": "approved"}
    )
    create_stall_rule(**told, name="Silent", owner_after=60, statuses=["new", "approved"])
    house.line.refresh_from_db()
    return house


def scores(*leads):
    return [Lead.everything.get(pk=lead.pk).score for lead in leads]


def change_of(house, leads, action, value):
    return change_many_leads(
        actor=house.operations,
        query=LeadListQuery(house.line, references=tuple(lead.reference for lead in leads)),
        change=Change(action, value),
        press=uuid4().hex,
        as_of=timezone.now(),
    )


def since(lead):
    return StallClock.objects.filter(lead=lead).values_list("since", flat=True).first()


def test_a_merge_scores_anew_stops_a_clock_and_is_taken_back_exactly(ruled):
    keep = ruled.lead_of(ruled.agent, full_name="Asha")
    lose = ruled.lead_of(ruled.other, full_name="Asha R", income="2000")
    assert scores(keep, lose) == [0, 10]
    before = everything()
    made = merge_leads(actor=ruled.leader, keep=keep.reference, lose=lose.reference)
    assert scores(keep)[0] == 10
    assert since(keep) is not None and since(lose) is None
    undo_merge(actor=ruled.leader, keep=keep.reference, merge_id=made.merge.pk)
    assert differences(before, everything()) == {}


def test_a_merge_that_is_taken_back_starts_the_clocks_of_rules_that_came_meanwhile(db):
    organization = make_organization("later", currency="INR", timezone="Asia/Kolkata")
    with organization_scope(organization):
        house = make_house(organization)
        keep, lose = house.lead_of(house.agent), house.lead_of(house.other)
        made = merge_leads(actor=house.leader, keep=keep.reference, lose=lose.reference)
        told = {"actor": house.operations, "line": house.line}
        create_stall_rule(**told, name="Silent", owner_after=60, statuses=["new"])
        undo_merge(actor=house.leader, keep=keep.reference, merge_id=made.merge.pk)
        assert since(keep) is not None and since(lose) is not None


def test_a_change_of_many_and_its_undoing_are_followed(ruled):
    lead = ruled.lead_of(ruled.agent, income="2000")
    began = since(lead)
    job = change_of(ruled, [lead], "status", "approved")
    assert scores(lead) == [15] and since(lead) > began
    changed = since(lead)
    undo_bulk_change(actor=ruled.operations, job_id=job.pk)
    assert scores(lead) == [10] and since(lead) > changed
    change_of(ruled, [lead], "status", "closed")
    assert since(lead) is None


def test_who_gets_leads_by_a_hand_over_has_all_the_time_there_is(ruled):
    lead = ruled.lead_of(ruled.agent)
    began = since(lead)
    made = hand_over(
        actor=ruled.operations,
        source=ruled.agent.membership,
        method="person",
        target=ruled.other.membership,
        press=uuid4().hex,
    )
    given = since(lead)
    assert given > began
    take_back(actor=ruled.operations, hand_over_id=made.pk)
    assert Lead.objects.get(pk=lead.pk).owner_id == ruled.agent.membership.pk
    assert since(lead) > given


def test_every_score_is_right_after_all_of_it(ruled):
    lead = ruled.lead_of(ruled.agent, income="2000")
    change_of(ruled, [lead], "status", "approved")
    found = check_scores(ruled.organization)
    assert (found.tried, found.breaks) == (1, [])
