"""Reading leads: which rows an actor sees. Every page, call and export starts here."""

from collections.abc import Iterable, Mapping

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from accounts.actor import Actor
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.database.compiled import CompiledQuery
from core.errors import NotPermitted, NotVisible
from leads.models import Lead, LeadMerge
from leads.queries.tags import names_beside_lead

# What a lead that was loaded for its page knows beside its columns: which leads were merged into it (their numbers).
TAKEN_IN = "taken_in"


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
    taken_in = standing_merges().filter(keep_id=OuterRef("pk")).order_by("-pk").values("lose_id")
    return leads.annotate(tag_names=names_beside_lead(), **{TAKEN_IN: ArraySubquery(taken_in)})


# `visible_leads` of one reference, composed once: without a limit, and among so many owners.
LEAD = CompiledQuery(_lead, reference=str)
LEAD_OF_OWNERS = CompiledQuery(
    lambda reference, owners: _lead(reference).filter(owner_id__any=owners), reference=str, owners=str
)


def standing_merges() -> QuerySet[LeadMerge]:
    """Return the merges that were not taken back."""
    return LeadMerge.objects.filter(undone_at__isnull=True)


def kept_in_place_of(actor: Actor, references: Iterable[str]) -> Mapping[str, str]:
    """Return, of leads that were merged into another, that other: as far as the actor sees it. By reference.

    One that was itself merged on leads to the last. A query for each step of the longest such chain, which is one.
    """
    wanted = {reference: reference for reference in references}
    found: dict[str, str] = {}
    while wanted:
        rows = standing_merges().filter(lose__reference__in=set(wanted.values()))
        steps = dict(rows.values_list("lose__reference", "keep__reference"))
        wanted = {start: steps[at] for start, at in wanted.items() if at in steps}
        found |= wanted
    if not found:
        return {}
    visible = visible_leads(actor).filter(reference__in=set(found.values()))
    seen = set(visible.values_list("reference", flat=True))
    return {start: end for start, end in found.items() if end in seen}


class MergedAway(NotVisible):
    """The lead was merged into another one that the actor sees: `kept` is its reference."""

    def __init__(self, reference: str, kept: str) -> None:
        self.kept = kept
        self.extra = {"merged_into": kept}
        super().__init__(f"{reference} was merged into {kept}. Go on there.")


def is_reference(text: str) -> bool:
    """Return whether a text can be a lead's reference at all; what comes in an address may be anything."""
    return text.isascii() and text.isalnum() and len(text) <= 20


def get_lead(actor: Actor, reference: str, *, verb: str = "read") -> Lead:
    """Return one lead by reference, with what its page shows.

    Raises:
        NotVisible: the actor does not see it; MergedAway, where it is one now with a lead that the actor sees.
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
        if kept := kept_in_place_of(actor, [reference]):
            raise MergedAway(reference, kept[reference])
        raise NotVisible("No lead with this reference is visible to you.")
    return lead


def may_change(actor: Actor, lead: Lead, verb: str) -> bool:
    """Return whether the actor may write or assign this very lead."""
    if not actor.may(Area.LEADS, verb):
        return False
    owners = reachable_member_ids(actor, Area.LEADS, verb)
    return owners is None or lead.owner_id in owners
