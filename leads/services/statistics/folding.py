"""Folding the tallies of leads: many small differences of a kind become one row of their sum."""

from datetime import datetime

from django.db import connection
from django.db.models import Count

from core.scope import current_organization_id
from leads.models import LeadTally

SAME = ("line_id", "day", "source_id", "status", "stage", "owner_id")
# Rows that are written meanwhile are not among those that are taken away, and stay.
FOLD = f"""
WITH gone AS (DELETE FROM leads_leadtally WHERE organization_id = %(organization)s RETURNING *)
INSERT INTO leads_leadtally (organization_id, {", ".join(SAME)}, leads)
SELECT organization_id, {", ".join(SAME)}, sum(leads) FROM gone
 GROUP BY organization_id, {", ".join(SAME)} HAVING sum(leads) <> 0
"""


def count_foldable(before: datetime) -> int:
    """Return how many tallies folding would save. They bear no moment, so `before` says nothing."""
    rows = LeadTally.objects.count()
    return rows - LeadTally.objects.order_by().values(*SAME).annotate(rows=Count("id")).count()


def fold_tallies(before: datetime, limit: int) -> int:
    """Fold all tallies of the organisation in force; return how many rows fewer there are."""
    rows = LeadTally.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(FOLD, {"organization": current_organization_id()})
    return max(rows - LeadTally.objects.count(), 0)
