"""Leads that arrive at the same moment: a cap is exact, whoever comes first."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from core.errors import ValidationFailed
from core.scope import organization_scope
from leads.models import AcceptanceCount, Lead, LeadAdmission
from leads.services.accepting import SourceFull, rules, update_acceptance_rule
from leads.services.batches import NewEnquiry, create_leads
from tests.leads.accepting.conftest import make_desk


@pytest.mark.django_db(transaction=True)
def test_64_at_once_over_a_cap_of_20_make_20_leads():
    desk = make_desk()
    organization = desk.operations.organization
    with organization_scope(organization):
        desk.rule("Of the line", daily_cap=30)
        rule = desk.rule("Of all", line=None, daily_cap=50, monthly_cap=20)

    def arrive(number):
        try:
            with organization_scope(organization):
                if number % 8 == 0:
                    several = [NewEnquiry(desk.line, desk.values(), {"source": "Website"}) for _ in range(3)]
                    results = create_leads(actor=desk.operations, enquiries=several)
                    return sum(each.error is None for each in results)
                return int(desk.create().is_new)
        except SourceFull:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as together:
        made = sum(together.map(arrive, range(64)))
    with organization_scope(organization):
        assert made == Lead.objects.count() == 20
        assert AcceptanceCount.objects.get(rule=rule).taken == 20
        assert LeadAdmission.objects.filter(rule=rule).count() == 20


@pytest.mark.django_db(transaction=True)
def test_of_two_renamings_to_one_name_at_once_the_second_is_told(monkeypatch):
    desk = make_desk()
    organization = desk.operations.organization
    with organization_scope(organization):
        found = [desk.rule("One"), desk.rule("Two")]
    check = rules._problems

    def slowly(rule):
        problems = check(rule)
        time.sleep(0.3)
        return problems

    monkeypatch.setattr(rules, "_problems", slowly)

    def rename(rule):
        try:
            with organization_scope(organization):
                return update_acceptance_rule(actor=desk.operations, rule=rule, name="Same").name
        except ValidationFailed as refusal:
            return refusal.fields["name"][0].code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as together:
        assert sorted(together.map(rename, found)) == ["Same", "unique"]
