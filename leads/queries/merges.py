"""Reading merges: into which lead one went, which ones a lead has taken in, and what taking it back would leave."""

from typing import Any

from django.db.models import QuerySet

from accounts.actor import Actor
from core.errors import NotVisible
from leads.models import Consent, Engagement, FollowUp, Lead, LeadAttachment, LeadMerge, Note
from leads.queries.leads import TAKEN_IN, standing_merges, visible_leads

HANGING: tuple[Any, ...] = (Note, FollowUp, Engagement, LeadAttachment, Consent)
# What history gives as the reason of what a merge, or taking it back, has written.
MERGE_REASON, UNDO_REASON = "merge of ", "undo of the merge of "


def merge_reason(lose: str, keep: str, *, undo: bool = False) -> str:
    """Return the reason that history keeps with a merge of one lead into another."""
    return f"{UNDO_REASON if undo else MERGE_REASON}{lose} into {keep}"


def merged_by(reason: str | None) -> tuple[str, str] | None:
    """Return which lead went into which, where a reason in history tells of a merge or its undoing."""
    for start in (UNDO_REASON, MERGE_REASON):
        if reason and reason.startswith(start):
            lose, _into, keep = reason.removeprefix(start).partition(" into ")
            return lose, keep
    return None


def merged_into(lead: Lead) -> list[int]:
    """Return the leads that are now part of a lead, those that were part of them included.

    A query for each step of chains of merges, and one that finds their end; none for a lead that was loaded for its
    page (`get_lead`) and has taken in no other.
    """
    known: list[int] | None = getattr(lead, TAKEN_IN, None)
    ends = _direct([lead.pk]) if known is None else known
    found: list[int] = []
    while ends:
        found += ends
        ends = _direct(ends)
    return found


def _direct(leads: list[int]) -> list[int]:
    return list(standing_merges().filter(keep_id__in=leads).values_list("lose_id", flat=True))


def merges_into(lead_id: int) -> QuerySet[LeadMerge]:
    """Return the standing merges into a lead, newest first, with the lead that went and who did it."""
    merges = standing_merges().filter(keep_id=lead_id)
    return merges.select_related("lose", "by__user").order_by("-pk")


def hanging_on(lead: Lead) -> list[tuple[str, int]]:
    """Return how much of each kind hangs on a lead that would move with it: labels with counts, none of them 0."""
    counted = [(model._meta, model.objects.filter(lead=lead).count()) for model in HANGING]
    return [
        (str(told.verbose_name if count == 1 else told.verbose_name_plural), count)
        for told, count in counted
        if count
    ]


def get_merge(actor: Actor, reference: str, merge_id: int) -> LeadMerge:
    """Return a merge into a lead that the actor sees. Raises NotVisible."""
    keep = visible_leads(actor).filter(reference=reference).values("pk")
    merge = (
        LeadMerge.objects.filter(pk=merge_id, keep_id__in=keep).select_related("keep__line", "lose").first()
    )
    if merge is None:
        raise NotVisible("No merge into this lead has such a number.")
    return merge


def visible_merge(actor: Actor, number: str) -> LeadMerge | None:
    """Return a standing merge into a lead that the actor may change, by its number as it is written; else None."""
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    keep = visible_leads(actor, verb="write").values("pk")
    merges = standing_merges().filter(pk=int(number), keep_id__in=keep)
    return merges.select_related("keep", "lose").first()
