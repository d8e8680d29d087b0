"""Tags, boards and changes of many at 100,000 leads, as the application role: an index serves each."""

import uuid
from dataclasses import replace
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from core.scope import organization_scope, system_scope
from leads.models import Tag
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.queries.lead_list.board import read_board
from leads.services.bulk import Change, change_many_leads
from leads.services.stalling import create_stall_rule
from leads.services.stalling.escalating import due_leads
from tests.performance.many_leads import ManyLeads
from tests.performance.plans import plans_of

pytestmark = pytest.mark.django_db
# One lead in a hundred is rare and contacted, one in five is common.
TAGGED = """
INSERT INTO leads_leadtag (organization_id, lead_id, tag_id, created_at)
SELECT organization_id, id, %(tag)s, created_at FROM leads_lead
 WHERE organization_id = %(organization)s AND id %% %(each)s = 0
"""
# Every lead waits; one in two thousand is due, and one in a hundred stalls.
CLOCKS = """
INSERT INTO leads_stallclock (organization_id, lead_id, rule_id, since, step, due_at, stalled_at, created_at)
SELECT organization_id, id, %(rule)s, now(), CASE WHEN id %% 100 = 0 THEN 1 ELSE 0 END,
       now() + CASE WHEN id %% 2000 = 0 THEN -1 ELSE 1 END * interval '1 hour',
       CASE WHEN id %% 100 = 0 THEN now() END, created_at
  FROM leads_lead WHERE organization_id = %(organization)s
"""
SCORED = "UPDATE leads_lead SET score = id %% 90 WHERE organization_id = %s AND id %% 2 = 0"
CONTACTED = "UPDATE leads_lead SET stage = 'contacted' WHERE organization_id = %s AND id %% 100 = 0"


@pytest.fixture
def tagged(many: ManyLeads) -> ManyLeads:
    """The leads with a rare and a common tag, some of them contacted."""
    with organization_scope(many.organization), connection.cursor() as cursor:
        for name, each in (("rare", 100), ("common", 5)):
            tag = Tag.objects.create(name=name, name_key=name)
            cursor.execute(TAGGED, {"organization": many.organization.pk, "tag": tag.pk, "each": each})
        cursor.execute(CONTACTED, [many.organization.pk])
    return many


def test_tags_boards_and_changes_of_many_read_by_index_and_few_rows(tagged: ManyLeads) -> None:
    limits = {
        "list tag=rare": 4_000,
        "list tag=common": 5_000,
        "list tag=common&data.kind=rare": 5_000,
        "list tag__has_all=rare,common": 15_000,
        "board ": 12_000,
        "board tag=rare": 12_000,
        "board data.kind=rare": 6_000,
        "board search=family777": 6_000,
    }
    for case, most in limits.items():
        kind, _space, address = case.partition(" ")
        given = dict(part.split("=", 1) for part in address.split("&") if part)
        with organization_scope(tagged.organization):
            catalog = Catalog(tagged.operations, tagged.line)
            search = given.pop("search", "")
            query = LeadListQuery(tagged.line, search, parse_filters(catalog, given))
            read = list_leads if kind == "list" else read_board
            touched = plans_of(partial(read, tagged.operations, query, catalog))
        assert not touched.sequential, f"{case}: {touched}"
        assert touched.rows <= most, f"{case}: {touched}"
    with organization_scope(tagged.organization):
        query = LeadListQuery(tagged.line, conditions={"field": "tag", "op": "has_any", "value": ["rare"]})
        job = change_many_leads(
            actor=tagged.operations,
            query=query,
            change=Change("stage", "qualified"),
            press=uuid.uuid4().hex,
            as_of=timezone.now(),
        )
        assert job.state == "queued", "A thousand are for a worker."


def test_stalled_and_scored_leads_are_read_by_index_and_few_rows(many: ManyLeads) -> None:
    with organization_scope(many.organization):
        rule = create_stall_rule(actor=many.operations, line=many.line, name="Silent", owner_after=60)
        with connection.cursor() as cursor:
            cursor.execute(CLOCKS, {"organization": many.organization.pk, "rule": rule.pk})
            cursor.execute(SCORED, [many.organization.pk])
    with system_scope(reason="test data"), connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_stallclock")
        cursor.execute("ANALYZE leads_lead")
    with organization_scope(many.organization):
        many.line.refresh_from_db()
        touched = plans_of(partial(due_leads, timezone.now()))
        assert not touched.sequential and touched.indexes == {"stall_clock_due"}, str(touched)
        assert touched.rows <= 200, str(touched)
        for address, ordering, most in (
            ({"stalled": "true"}, "", 4_000),
            ({"stalled": "true", "data.kind": "rare"}, "", 5_000),
            ({}, "-score", 1_000),
            ({}, "score", 1_000),
        ):
            catalog = Catalog(many.operations, many.line)
            query = LeadListQuery(many.line, conditions=parse_filters(catalog, address), ordering=ordering)
            page = list_leads(many.operations, query, catalog)
            touched = plans_of(partial(list_leads, many.operations, query, catalog))
            if page.next_cursor and ordering:
                further = replace(query, cursor=page.next_cursor)
                touched = plans_of(partial(list_leads, many.operations, further, catalog))
            assert len(page.rows) == 50 or "data.kind" in address
            assert not touched.sequential, f"{address} {ordering}: {touched}"
            assert touched.rows <= most, f"{address} {ordering}: {touched}"
