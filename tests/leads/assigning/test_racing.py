"""Leads that arrive at the same moment: turns are exact, whoever comes first."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.scope import organization_scope
from leads.models import AssignmentTurn, Lead
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
