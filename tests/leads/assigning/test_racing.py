"""Leads that arrive at the same moment: turns are exact, whoever comes first."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection

from accounts.services.calendar import set_working_hours
from core.scope import organization_scope
from leads.models import AssignmentTurn, Lead, LeadAssignment, WaitingLead
from leads.services.assigning import waiting
from leads.services.assigning.limits import set_limit
from tests.leads.assigning.conftest import make_office


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["round_robin", "least_loaded"])
def test_64_at_once_over_seven_people_differ_by_at_most_one(method):
    office = make_office(agents=7)
    organization = office.operations.organization
    with organization_scope(organization):
        rule = office.rule(method=method)
        enquiries = [office.values() for _ in range(64)]

    def arrive(values):
        try:
            with organization_scope(organization):
                office.lead(**values)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as together:
        list(together.map(arrive, enquiries))
    with organization_scope(organization):
        given = Counter(Lead.objects.values_list("owner_id", flat=True))
        assert AssignmentTurn.objects.get(rule=rule).given == 64
    assert set(given) == set(office.ids) and sum(given.values()) == 64
    assert max(given.values()) - min(given.values()) <= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_person", [False, True])
def test_64_at_once_over_seven_people_with_a_cap_of_five(of_person):
    office = make_office(agents=7)
    organization = office.operations.organization
    with organization_scope(organization):
        if of_person:
            office.rule("Pune", places=["pune"], position=1)
            for agent in office.agents:
                set_limit(actor=office.operations, membership=agent.membership, daily_cap=5)
        office.rule(daily_cap=None if of_person else 5, position=2)
        enquiries = [office.values(town="Pune" if number % 2 else "Goa") for number in range(64)]

    def arrive(values):
        try:
            with organization_scope(organization):
                office.lead(**values)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as together:
        list(together.map(arrive, enquiries))
    with organization_scope(organization):
        given = Counter(Lead.objects.values_list("owner_id", flat=True))
        assert given == dict.fromkeys(office.ids, 5) | {None: 29}
        assert WaitingLead.objects.count() == 29


@pytest.mark.django_db(transaction=True)
def test_two_workers_give_each_waiting_lead_once_and_in_order(monkeypatch):
    monkeypatch.setattr(waiting, "BATCH", 7)
    office = make_office(agents=3)
    organization = office.operations.organization
    with organization_scope(organization):
        set_working_hours(actor=office.operations, week=[[], [], [], [], [], [], [["00:00", "00:01"]]])
        rule = office.rule(only_at_work=True)
        with time_machine.travel(dt.datetime(2026, 11, 27, 6, tzinfo=dt.UTC)):
            for _ in range(30):
                office.lead()
        assert WaitingLead.objects.count() == 30
        set_working_hours(actor=office.operations, week=[[["00:00", "24:00"]]] * 7)

    def work(_number):
        try:
            return waiting.give_waiting_everywhere()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as together:
        given = sum(together.map(work, range(4)))
    given += waiting.give_waiting_everywhere()
    with organization_scope(organization):
        assert given == 30 and not WaitingLead.objects.exists()
        assert AssignmentTurn.objects.get(rule=rule).given == 30
        decided = list(LeadAssignment.objects.order_by("lead_id").values_list("turn", "owner_id"))
        assert decided == [(turn + 1, office.ids[turn % 3]) for turn in range(30)]
