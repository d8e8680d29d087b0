"""A list and the interpreter hold one opinion of every rule on every lead, whatever index serves it."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from core.rules import Kind, evaluate, parse_rule
from leads.queries.lead_list import Catalog, LeadListQuery, iterate_leads, sections, selection
from tests.core.rules import generated
from tests.leads.lines.definitions import make_line
from tests.leads.queries.kinds import CORE, FIELDS, NAMES, nasty_leads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_organization")]

ATTRIBUTES = {
    "status": Kind.TEXT,
    "stage": Kind.TEXT,
    "city": Kind.TEXT,
    "amount": Kind.NUMBER,
    "created": Kind.DATETIME,
}
# How many matches are few and several, and how many rows are tried first: each way to the same leads.
FRONTIERS = st.sampled_from([(2_000, 20_000, 3_000), (0, 0, 3_000), (5, 1_000, 5), (5, 5, 5), (40, 1_000, 0)])


class Leads(list):
    """Leads whose repr stays short in a failing example."""

    def __repr__(self):
        return f"{len(self)} leads"


@pytest.fixture
def line(actor_for):
    return make_line(actor_for(Role.OPERATIONS), [*FIELDS, *CORE])


@pytest.fixture
def leads(line):
    return Leads(nasty_leads(line, 120))


@pytest.fixture
def actor(actor_for):
    return actor_for(Role.OPERATIONS)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(tree=generated.trees(NAMES | ATTRIBUTES), frontier=FRONTIERS)
def test_generated_rules_agree(tree, frontier, actor, line, leads):
    catalog = Catalog(actor, line)
    rule = parse_rule(tree, catalog.kinds)
    now, zone = timezone.now(), actor.organization.zone
    expected = {
        lead.pk
        for lead in leads
        if evaluate(rule, catalog.values(lead, rule.fields()), now=now, timezone=zone)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "FEW", frontier[0])
        patch.setattr(selection, "SEVERAL", frontier[1])
        patch.setattr(sections, "TRIED", frontier[2])
        patch.setattr(sections, "TRIED_PER_ROW", 0)
        found = [lead.pk for lead in iterate_leads(actor, LeadListQuery(line=line, conditions=tree))]
    assert set(found) == expected
    assert found == sorted(found, reverse=True)
