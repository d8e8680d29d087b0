"""Taking hold of one lead before it, or what hangs on it, is changed."""

from collections.abc import Callable

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import NotPermitted
from leads.models import Lead
from leads.queries.leads import get_lead, visible_leads

# Raises where a row that is about to change is not as its writer has seen it; called once nobody else can change it.
Precondition = Callable[[], None]


def locked_lead(actor: Actor, reference: str, verb: str, precondition: Precondition | None = None) -> Lead:
    """Return a lead that nobody else changes until the transaction ends.

    Raises NotVisible, NotPermitted, or what the precondition raises.
    """
    actor.require(Area.LEADS, verb)
    get_lead(actor, reference)
    lead = visible_leads(actor, verb=verb).select_for_update(of=("self",)).filter(reference=reference).first()
    if lead is None:
        raise NotPermitted("You may read this lead, not change it.")
    if precondition is not None:
        precondition()
    return lead
