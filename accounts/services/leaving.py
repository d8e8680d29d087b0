"""What a person leaves open when access ends. Apps say what they know of it; accounts show it where access is ended."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.actor import Actor
from accounts.models import Membership


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """One thing in a sentence, such as “12 open leads”, and where to see to it ("" where the actor may not)."""

    text: str
    url: str = ""


OpenEndFinder = Callable[[Actor, Membership], list[OpenEnd]]
_finders: list[OpenEndFinder] = []


def register_open_ends(find: OpenEndFinder) -> None:
    """Register who finds what a person leaves open, as the actor may know it. Called when an app is ready."""
    if find not in _finders:
        _finders.append(find)


def open_ends_of(actor: Actor, member: Membership) -> list[OpenEnd]:
    """Return what the person leaves open."""
    return [end for find in _finders for end in find(actor, member)]
