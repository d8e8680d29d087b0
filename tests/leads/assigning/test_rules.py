"""Who gets a new lead, through every door, and why."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.actor import Actor
from accounts.services import deactivate_member
from core.errors import Conflict, NotPermitted, NotVisible, ValidationFailed
from core.jobs import run_job_inline
from core.scope import organization_scope
from core.services.intakes import load_intake, receive_file
from leads.models import AssignmentMethod, AssignmentTurn, Lead, LeadAssignment
from leads.queries.assignments import why_assigned
from leads.queries.notifications import list_notifications
from leads.services.assigning import assign_by_rule, create_assignment_rule, update_assignment_rule
from leads.services.assigning.choosing import choose
from leads.services.assigning.trying import try_rule
from leads.services.batches import NewEnquiry, create_leads
from leads.services.leads import create_lead
from tests.factories import make_actor, make_organization
from tests.leads.assigning.conftest import number

RICH = {"field": "income", "op": "gte", "value": "500000"}
WEIGHTS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


@given(WEIGHTS, st.integers(0, 10_000))
def test_a_full_cycle_gives_each_what_they_weigh_wherever_it_begins(weights, turn):
    people = list(range(100, 100 + len(weights)))
    by_person = dict(zip(people, weights, strict=True))
    chosen = choose("weighted", people, by_person, turn=turn, count=sum(weights), loads={})
    assert Counter(person for person, _load in chosen) == by_person


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(1, 60))
def test_the_least_loaded_are_filled_up_evenly(loads, count):
    people = list(range(len(loads)))
    chosen = choose("least_loaded", people, {}, turn=0, count=count, loads=dict(enumerate(loads)))
    after = Counter(dict(enumerate(loads))) + Counter(person for person, _load in chosen)
    given = {person for person, _load in chosen}
    assert sum(after.values()) == sum(loads) + count
    assert all(after[person] <= min(after.get(each, 0) for each in people) + 1 for person in given)


def test_leads_go_in_turn_and_say_why(office):
    office.rule()
    leads = [office.lead() for _ in range(4)]
    assert [lead.owner_id for lead in leads] == [*office.ids, office.ids[0]]
    assert {lead.team_id for lead in leads} == {number(office.leader)}
    why = why_assigned(leads[3])
    assert why is not None and why.is_current
    assert why.reason == "Rule “Everywhere”: Agent 0 was next of 3 people, at its lead number 4."


def test_the_first_rule_that_fits_counts_and_without_one_the_lead_is_its_captors(office):
    office.rule("Rich", condition=RICH, people=office.ids[:1], position=1)
    office.rule("Pune", places=["  PUNE "], people=office.ids[1:2], position=2)
    assert office.lead(income="500000", town="Pune").owner_id == office.ids[0]
    assert office.lead(income="499999", town="pune").owner_id == office.ids[1]
    neither = office.lead(town="Nagpur")
    assert neither.owner_id == number(office.operations)
    assert why_assigned(neither) is None


def test_what_an_agent_captures_stays_theirs(office):
    office.rule(people=office.ids[1:])
    assert office.lead(by=office.agents[0]).owner_id == office.ids[0]
    assert not AssignmentTurn.objects.exists()


def test_who_has_no_access_is_skipped_and_an_empty_rule_passes_on(office):
    office.rule("First", people=office.ids[:1], position=1)
    office.rule("Then", people=office.ids[:2], position=2)
    with organization_scope(office.operations.organization):
        deactivate_member(
            actor=Actor.system(office.operations.organization), membership=office.agents[0].membership
        )
    assert office.lead().owner_id == office.ids[1]


def test_a_team_is_everybody_below_its_leader(office):
    office.rule(people=[], team=office.leader.membership)
    assert {office.lead().owner_id for _ in range(3)} == set(office.ids)


def test_the_fewest_open_leads(office):
    for _ in range(2):
        office.lead(by=office.agents[0])
    office.lead(by=office.agents[1])
    office.rule(method=AssignmentMethod.LEAST_LOADED)
    assert [office.lead().owner_id for _ in range(3)] == [office.ids[2], office.ids[1], office.ids[2]]


def test_a_repeat_takes_no_turn(office):
    rule = office.rule()
    office.line.duplicate_match, office.line.on_duplicate = ["phone"], "skip"
    office.line.save()
    values = office.values()
    for _ in range(2):
        create_lead(actor=office.operations, line=office.line, values=values)
    assert AssignmentTurn.objects.get(rule=rule).given == 1


def test_a_batch_claims_once_and_gives_in_order(office, django_assert_max_num_queries):
    office.rule()
    enquiries = [NewEnquiry(office.line, office.values()) for _ in range(30)]
    with django_assert_max_num_queries(40) as captured:
        create_leads(actor=office.operations, enquiries=enquiries)
    claims = [query for query in captured if "INSERT INTO leads_assignmentturn" in query["sql"]]
    assert len(claims) == 1
    owners = Counter(Lead.objects.values_list("owner_id", flat=True))
    assert owners == dict.fromkeys(office.ids, 10)
    assert LeadAssignment.objects.count() == 30


def test_an_import_goes_by_the_rules(office):
    office.rule()
    rows = "".join(f"Asha {n},98450{n:05}\n" for n in range(30))
    file = receive_file(
        actor=office.operations,
        importer="leads",
        target=office.line.code,
        filename="leads.csv",
        chunks=[f"Full name,Mobile\n{rows}".encode()],
    )
    run_job_inline(load_intake(actor=office.operations, intake_id=file.pk, inline=True))
    assert Counter(Lead.objects.values_list("owner_id", flat=True)) == dict.fromkeys(office.ids, 10)


def test_a_lead_is_given_by_rule_later(office):
    lead = office.lead()
    with pytest.raises(Conflict):
        assign_by_rule(actor=office.operations, reference=lead.reference)
    office.rule(people=office.ids[2:])
    assign_by_rule(actor=office.operations, reference=lead.reference)
    lead.refresh_from_db()
    assert lead.owner_id == office.ids[2]
    assert [row.kind for row in list_notifications(office.agents[2]).rows] == ["assigned"]
    with pytest.raises(NotPermitted):
        assign_by_rule(actor=office.agents[2], reference=lead.reference)


def test_no_turn_is_lost_where_the_chosen_person_is_beyond_the_leaders_reach(office):
    outsider = make_actor(office.operations.organization, "agent")
    rule = office.rule(people=[number(outsider)])
    lead = office.lead(by=office.agents[0])
    with pytest.raises(NotPermitted):
        assign_by_rule(actor=office.leader, reference=lead.reference)
    assert not AssignmentTurn.objects.filter(rule=rule).exists()


def test_a_rule_is_tried_without_writing(office):
    for income in ("100", "600000", "700000"):
        office.lead(income=income)
    rule = office.rule(condition=RICH, is_active=False, people=office.ids[:2])
    trial = try_rule(office.operations, rule)
    assert (trial.looked_at, trial.fitting) == (3, 2)
    assert trial.by_owner == [("Agent 0", 1), ("Agent 1", 1)]
    assert not AssignmentTurn.objects.exists() and not LeadAssignment.objects.exists()


def test_everything_wrong_with_a_rule_is_told_by_setting(office):
    wrong = {
        "name": " ",
        "condition": {"field": "nowhere", "op": "eq", "value": 1},
        "people": [],
        "method": "dice",
        "weights": [0],
    }
    with pytest.raises(ValidationFailed) as refused:
        create_assignment_rule(actor=office.operations, line=office.line, **wrong)
    assert set(refused.value.fields) == {"name", "condition.field", "people", "method", "weights"}
    with pytest.raises(NotPermitted):
        create_assignment_rule(actor=office.leader, line=office.line, name="Mine", people=office.ids)


def test_another_organisation_sees_and_uses_none_of_it(office):
    rule = office.rule()
    other = make_organization()
    stranger = make_actor(other, "admin")
    with organization_scope(other), pytest.raises(NotVisible):
        update_assignment_rule(actor=stranger, rule=rule, name="Mine")
    with pytest.raises(ValidationFailed):
        office.rule("Theirs", people=[number(stranger)])
