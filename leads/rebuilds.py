"""The index rows of leads follow from the leads: a backup leaves them out, and a restore makes them anew."""

from django.db import connection, transaction

from core.models import Organization
from core.rebuilding import register_rebuild
from leads.models import DuplicateKey, Lead, LeadTally, LeadToken, LeadValue
from leads.services.derived import rebuild_derived_rows

LEADS_AT_A_TIME = 1000


@register_rebuild("leads.derived", LeadValue, LeadToken, DuplicateKey)
def rebuild_leads(organization: Organization) -> None:
    """Make values, tokens and keys of every live lead. Of two that share a key the older keeps it."""
    last = 0
    while leads := list(Lead.objects.filter(pk__gt=last).order_by("pk")[:LEADS_AT_A_TIME]):
        with transaction.atomic():
            rebuild_derived_rows(leads)
        last = leads[-1].pk


@register_rebuild("leads.figures", LeadTally)
def rebuild_figures(organization: Organization) -> None:
    """Tally the leads anew. What jobs have counted and judged is in the backup: it holds as of its moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT leadledger_tally_anew(%s)", [organization.pk])
