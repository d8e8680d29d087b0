"""A list and the interpreter hold one opinion of every rule on every lead, whatever index serves it."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.rules import Kind, evaluate, parse_rule
from leads.queries.lead_list import Catalog, LeadListQuery, iterate_leads
from tests.core.rules import generated
from tests.leads.queries.conftest import FRONTIERS, set_frontier
from tests.leads.queries.kinds import NAMES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_nasty")]

ATTRIBUTES = {
    "status": Kind.TEXT,
    "stage": Kind.TEXT,
    "city": Kind.TEXT,
    "amount": Kind.NUMBER,
    "source": Kind.TEXT,
    "owner": Kind.TEXT,
    "created": Kind.DATETIME,
    "repeat_enquiries": Kind.NUMBER,
}
given_slowly = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


def agree(actor, line, leads, tree, frontier):
    """Assert that the list has the leads, newest first, that the interpreter accepts."""
    catalog = Catalog(actor, line)
    rule = parse_rule(tree, catalog.kinds)
    now, zone = timezone.now(), actor.organization.zone
    expected = {
        lead.pk
        for lead in leads
        if evaluate(rule, catalog.values(lead, rule.fields()), now=now, timezone=zone)
    }
    with pytest.MonkeyPatch.context() as patch:
        set_frontier(patch, frontier)
        found = [lead.pk for lead in iterate_leads(actor, LeadListQuery(line=line, conditions=tree))]
    assert set(found) == expected
    assert found == sorted(found, reverse=True)


@given_slowly
@given(tree=generated.trees(NAMES | ATTRIBUTES), frontier=st.sampled_from(FRONTIERS))
def test_generated_rules_agree_within_a_line(tree, frontier, nasty):
    agree(nasty.operations, nasty.line, nasty.leads, tree, frontier)


@settings(parent=given_slowly, max_examples=30)
@given(tree=generated.trees(ATTRIBUTES), frontier=st.sampled_from(FRONTIERS))
def test_generated_rules_agree_over_all_lines(tree, frontier, nasty):
    agree(nasty.operations, None, nasty.leads, tree, frontier)
