"""Deciding about a pair that may be the same: that it is not, or that it is open again. Merging is another service."""

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import FieldError, NotPermitted, ValidationFailed
from leads.models import DuplicatePair, PairDecision
from leads.queries.duplicate_pairs import get_pair
from leads.queries.leads import may_change


@transaction.atomic
def decide_pair(*, actor: Actor, pair_id: int, decision: str) -> DuplicatePair:
    """Say of a pair that it is not the same, or that it is open after all. Said twice it is said once.

    Raises:
        NotVisible: the actor does not see both leads; NotPermitted: or may not change both.
        ValidationFailed: the decision is none.
    """
    actor.require(Area.LEADS, "write")
    if decision not in PairDecision.values:
        message = f"Choose one of {', '.join(PairDecision.values)}."
        raise ValidationFailed("invalid", message, {"decision": [FieldError("choice", message)]})
    pair = get_pair(actor, pair_id)
    if not all(may_change(actor, lead, "write") for lead in (pair.first, pair.second)):
        raise NotPermitted("Only who may change both leads decides about them.")
    locked = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
    if locked.decision != decision:
        is_open = decision == PairDecision.OPEN
        locked.decision = decision
        locked.decided_by = None if is_open else actor.membership
        locked.decided_at = None if is_open else timezone.now()
        locked.save(update_fields=["decision", "decided_by", "decided_at"])
    return get_pair(actor, pair_id)
