"""Reading sources and campaigns."""

from accounts.actor import Actor
from accounts.roles import Area
from core.database.together import CompiledReading
from leads.models import Campaign, Source

ORIGINS = CompiledReading(
    lambda: [model.objects.filter(is_active=True).order_by("name") for model in (Source, Campaign)]
)


def active_origins(actor: Actor) -> tuple[list[str], list[str]]:
    """Return the names of the sources and of the campaigns that one may choose, in order. One query."""
    if not actor.may(Area.CONFIGURATION, "use"):
        return [], []
    sources, campaigns = ORIGINS()
    return [each.name for each in sources], [each.name for each in campaigns]


def active_sources(actor: Actor) -> list[str]:
    """Return the names of the sources one may choose, in order."""
    return active_origins(actor)[0]


def active_campaigns(actor: Actor) -> list[str]:
    """Return the names of the campaigns one may choose, in order."""
    return active_origins(actor)[1]
