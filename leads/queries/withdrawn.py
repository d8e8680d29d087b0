"""Reading leads that were withdrawn: for those who may withdraw and restore."""

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from leads.models import Lead
from leads.queries.leads import visible_leads


def leads_with_withdrawn(actor: Actor) -> QuerySet[Lead]:
    """Return the leads the actor may read, and the withdrawn ones too where the actor may restore them."""
    if not actor.may(Area.LEADS, "delete"):
        return visible_leads(actor)
    leads = Lead.everything.all()
    read, delete = (reachable_member_ids(actor, Area.LEADS, verb) for verb in ("read", "delete"))
    if read is not None:
        leads = leads.filter(owner_id__in=read)
    if delete is not None:
        leads = leads.filter(Q(deleted_at__isnull=True) | Q(owner_id__in=delete))
    return leads
