"""Trying a place: whether it can be reached, and how much waits there. Nothing is taken."""

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict
from leads.models import PlaceKind, WatchedPlace
from leads.services.arriving.files import opened
from leads.services.arriving.looking import TROUBLES, in_words
from leads.services.arriving.mailbox import count_unseen


def try_place(*, actor: Actor, place: WatchedPlace) -> int:
    """Return how many files or messages wait. Raises NotPermitted, or Conflict that says why it cannot be reached."""
    actor.require(Area.CONFIGURATION, "write")
    try:
        if place.kind == PlaceKind.MAILBOX:
            return count_unseen(place)
        with opened(place) as files:
            return len(files.waiting({}))
    except TROUBLES as trouble:
        raise Conflict("not_reached", in_words(trouble)) from None
