"""Reading leads: which rows an actor sees. Every page, call and export starts here."""

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.database.compiled import CompiledQuery
from core.errors import NotPermitted, NotVisible
from leads.models import Lead
from leads.queries.tags import names_beside_lead


def visible_leads(actor: Actor, *, verb: str = "read") -> QuerySet[Lead]:
    """Return the live leads that `actor` may read (or, by `verb`, write or assign).

    Own leads are those the actor's membership owns; a leader's are those owned within the current subtree.
    """
    return leads_of(reachable_member_ids(actor, Area.LEADS, verb))


def leads_of(owners: list[int] | None) -> QuerySet[Lead]:
    """Return the live leads that these memberships own; all of the organisation for None."""
    leads = Lead.objects.all()
    return leads if owners is None else leads.filter(owner_id__in=owners)


def _lead(reference: str) -> QuerySet[Lead]:
    """A lead with what its page shows."""
    leads = Lead.objects.filter(reference=reference).select_related(
        "line", "source", "campaign", "owner__user", "team__user"
    )
    return leads.annotate(tag_names=names_beside_lead())


# `visible_leads` of one reference, composed once: without a limit, and among so many owners.
LEAD = CompiledQuery(_lead, reference=str)
LEAD_OF_OWNERS = CompiledQuery(
    lambda reference, owners: _lead(reference).filter(owner_id__any=owners), reference=str, owners=str
)


def is_reference(text: str) -> bool:
    """Return whether a text can be a lead's reference at all; what comes in an address may be anything."""
    return text.isascii() and text.isalnum() and len(text) <= 20


def get_lead(actor: Actor, reference: str, *, verb: str = "read") -> Lead:
    """Return one lead by reference, with what its page shows.

    Raises:
        NotVisible: the actor does not see it.
        NotPermitted: the actor sees it, and may not do `verb` to it.
    """
    if not is_reference(reference):
        raise NotVisible("No lead has such a reference.")
    owners = reachable_member_ids(actor, Area.LEADS, verb)
    lead = (
        LEAD.first(reference=reference)
        if owners is None
        else LEAD_OF_OWNERS.first(reference=reference, owners=owners)
    )
    if lead is None:
        if verb != "read" and visible_leads(actor).filter(reference=reference).exists():
            raise NotPermitted("You may read this lead, not change it.")
        raise NotVisible("No lead with this reference is visible to you.")
    return lead


def may_change(actor: Actor, lead: Lead, verb: str) -> bool:
    """Return whether the actor may write or assign this very lead."""
    if not actor.may(Area.LEADS, verb):
        return False
    owners = reachable_member_ids(actor, Area.LEADS, verb)
    return owners is None or lead.owner_id in owners
