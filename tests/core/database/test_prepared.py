"""Prepared statements and the wall: a plan that was made for one role or organisation serves no other."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from core.database.bulk import COPY_FROM, Rows, insert_rows, insert_together
from core.database.prepared import prepared_cursor
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.models import BusinessLine, Campaign, Lead, Source
from leads.services.origins import resolve_sources

pytestmark = pytest.mark.django_db

COUNT = "SELECT count(*) FROM leads_source"


def counted() -> int:
    with prepared_cursor() as cursor:
        cursor.execute(COUNT)
        return int(cursor.fetchone()[0])


def test_one_statement_sees_what_each_scope_may_see(
    organization: Organization, other_organization: Organization
) -> None:
    with organization_scope(organization):
        resolve_sources(["Website", "Referral"])
    with organization_scope(other_organization):
        resolve_sources(["Fair"])

    # More often than PostgreSQL waits before it settles on one plan for all parameters.
    for _round in range(8):
        with system_scope():
            assert counted() == 3
        with organization_scope(organization):
            assert counted() == 2
        with organization_scope(other_organization):
            assert counted() == 1
        assert counted() == 0


def test_a_handful_of_rows_is_stored_as_a_copied_one_is(organization: Organization) -> None:
    now = timezone.now()
    columns = ("organization_id", "name", "name_key", "is_active", "created_at", "deleted_at")
    texts = [
        "plain",
        'a "quoted" one',
        "back\\slash",
        "two\nlines",
        "ünïcode ☃ 🙂",
        "{braces}",
        "NULL",
        "null",
    ]
    rows = [(organization.pk, text, text, index % 2 == 0, now, None) for index, text in enumerate(texts)]
    many = rows + [
        (organization.pk, f"row {number}", f"row {number}", True, now, now) for number in range(COPY_FROM)
    ]
    with organization_scope(organization):
        insert_rows(Source, columns, rows)
        insert_rows(Campaign, columns, many)
        few = list(
            Source.everything.order_by("pk").values_list(
                "name", "name_key", "is_active", "created_at", "deleted_at"
            )
        )
        copied = list(
            Campaign.everything.filter(name_key__in=texts)
            .order_by("pk")
            .values_list("name", "name_key", "is_active", "created_at", "deleted_at")
        )
    assert few == copied
    assert [name for name, *_others in few] == texts


def test_json_numbers_and_days_keep_every_digit(organization: Organization) -> None:
    with organization_scope(organization):
        line = BusinessLine.objects.create(code="exact", name="Exact")
        now = dt.datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=dt.UTC)
        data = {"amount": "12345678901234567890.123456789", "deep": {"list": [1, None, "'"]}, "empty": {}}
        columns = (
            "id", "organization_id", "line_id", "version", "reference", "data", "compare", "created_at", "updated_at",
            "name", "phone", "email", "amount", "amount_minor", "city", "region", "status", "stage", "score",
            "repeat_enquiries",
        )  # fmt: skip
        row = (
            9_007_199_254_740_993, organization.pk, line.pk, 1, "L99999999", json.dumps(data), "{}", now, now,
            "", "", "", Decimal("9999999999999.99"), 999_999_999_999_999, "", "", "new", "", None, 0,
        )  # fmt: skip
        insert_together(Rows(Lead, columns, [row]))
        stored = Lead.objects.get(reference="L99999999")
    assert (stored.pk, stored.data, stored.created_at) == (9_007_199_254_740_993, data, now)
    assert (stored.amount, stored.amount_minor) == (Decimal("9999999999999.99"), 999_999_999_999_999)


def test_conflicts_are_left_out_and_the_rest_is_told(organization: Organization) -> None:
    columns = ("organization_id", "name", "name_key", "is_active", "created_at")
    now = timezone.now()
    with organization_scope(organization):
        first = insert_rows(
            Source,
            columns,
            [(organization.pk, "A", "a", True, now)],
            ignore_conflicts=True,
            returning="name_key",
        )
        second = insert_rows(
            Source,
            columns,
            [(organization.pk, "A", "a", True, now), (organization.pk, "B", "b", True, now)],
            ignore_conflicts=True,
            returning="name_key",
        )
    assert (first, second) == (["a"], ["b"])


def test_queries_that_were_prepared_are_told_as_they_were_asked(organization: Organization) -> None:
    with organization_scope(organization):
        connection.force_debug_cursor, before = True, connection.force_debug_cursor
        try:
            with prepared_cursor() as cursor:
                cursor.execute("SELECT %s::text || 'told'", ["as "])
            assert connection.queries[-1]["sql"] == "SELECT 'as '::text || 'told'"
        finally:
            connection.force_debug_cursor = before
