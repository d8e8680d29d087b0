"""Tags, boards and changes of many at 100,000 leads, as the application role: an index serves each."""

import uuid
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from core.scope import organization_scope
from leads.models import Tag
from leads.queries.lead_list import Catalog, LeadListQuery, list_leads, parse_filters
from leads.queries.lead_list.board import read_board
from leads.services.bulk import Change, change_many_leads
from tests.performance.many_leads import ManyLeads
from tests.performance.plans import plans_of

pytestmark = pytest.mark.django_db
# One lead in a hundred is rare and contacted, one in five is common.
TAGGED = """
INSERT INTO leads_leadtag (organization_id, lead_id, tag_id, created_at)
SELECT organization_id, id, %(tag)s, created_at FROM leads_lead
 WHERE organization_id = %(organization)s AND id %% %(each)s = 0
"""
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
