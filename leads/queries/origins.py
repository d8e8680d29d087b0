"""Reading sources and campaigns."""

from accounts.actor import Actor
from accounts.roles import Area
from leads.models import Campaign, Source


def active_sources(actor: Actor) -> list[str]:
    """Return the names of the sources one may choose, in order."""
    return _names(actor, Source)


def active_campaigns(actor: Actor) -> list[str]:
    """Return the names of the campaigns one may choose, in order."""
    return _names(actor, Campaign)


def _names(actor: Actor, model: type[Source] | type[Campaign]) -> list[str]:
    if not actor.may(Area.CONFIGURATION, "use"):
        return []
    return list(model.objects.filter(is_active=True).order_by("name").values_list("name", flat=True))
