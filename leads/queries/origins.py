"""Reading sources and campaigns."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.roles import Area
from core.database.together import CompiledReading
from leads.models import BusinessLine, Campaign, Source
from leads.queries.lines import open_lines

# Names of sources and of campaigns, each in order.
Origins = tuple[list[str], list[str]]


def _origins() -> list[QuerySet[Any]]:
    return [model.objects.filter(is_active=True).order_by("name") for model in (Source, Campaign)]


ORIGINS = CompiledReading(_origins)
LINES_AND_ORIGINS = CompiledReading(lambda: [open_lines(), *_origins()])


def active_origins(actor: Actor) -> Origins:
    """Return the names of the sources and of the campaigns that one may choose. One query."""
    return _named(*ORIGINS()) if actor.may(Area.CONFIGURATION, "use") else ([], [])


def lines_and_origins(actor: Actor) -> tuple[list[BusinessLine], Origins]:
    """Return `list_usable_lines` and `active_origins`, which the page of a list begins with. One query."""
    if not actor.may(Area.CONFIGURATION, "use"):
        return [], ([], [])
    lines, *origins = LINES_AND_ORIGINS()
    return lines, _named(*origins)


def _named(sources: Iterable[Source], campaigns: Iterable[Campaign]) -> Origins:
    return [each.name for each in sources], [each.name for each in campaigns]


def active_sources(actor: Actor) -> list[str]:
    """Return the names of the sources one may choose, in order."""
    return active_origins(actor)[0]


def active_campaigns(actor: Actor) -> list[str]:
    """Return the names of the campaigns one may choose, in order."""
    return active_origins(actor)[1]
