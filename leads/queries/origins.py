"""Reading sources and campaigns."""

from accounts.actor import Actor
from accounts.roles import Area
from core.database.compiled import CompiledQuery
from leads.models import Campaign, Source

SOURCES = CompiledQuery(lambda: Source.objects.filter(is_active=True).order_by("name"))
CAMPAIGNS = CompiledQuery(lambda: Campaign.objects.filter(is_active=True).order_by("name"))


def active_sources(actor: Actor) -> list[str]:
    """Return the names of the sources one may choose, in order."""
    return _names(actor, SOURCES)


def active_campaigns(actor: Actor) -> list[str]:
    """Return the names of the campaigns one may choose, in order."""
    return _names(actor, CAMPAIGNS)


def _names(actor: Actor, origins: CompiledQuery[Source] | CompiledQuery[Campaign]) -> list[str]:
    if not actor.may(Area.CONFIGURATION, "use"):
        return []
    return [origin.name for origin in origins()]
