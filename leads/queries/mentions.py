"""Colleagues who may see a lead, and which of them a text mentions.

`@` and a name mentions; a first name is enough where only one colleague who sees the lead has it, and a namesake is
told apart by the number that suggestions write behind the name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.reaching import members_reaching
from accounts.roles import Area
from core.rules import normalise_text
from leads.models import Lead
from leads.queries.references import member_labels

# What stands before an @ that mentions: nothing, a space, an opening sign. In an address a letter does.
MENTION = re.compile(r"(?<![^\s(\[{\"'“‘,;:/—–-])@(?=\w)")
WORD = re.compile(r"\w[\w.'’-]*")
SUGGESTED = 8


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a text mentions, in order, and what stands behind an @ without meaning anybody."""

    members: list[Membership] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def mentionable_members(actor: Actor, lead: Lead) -> QuerySet[Membership]:
    """Return the colleagues who may read the lead, by name."""
    return members_reaching(actor, lead.owner_id, Area.LEADS, "read")


def suggest_mentions(actor: Actor, lead: Lead, text: str) -> list[str]:
    """Return how the first colleagues who may read the lead are written, whose names have all words of the text."""
    # Who has no name is written by address, which is not shown.
    members = mentionable_members(actor, lead).exclude(name="")
    if actor.membership is not None:
        members = members.exclude(pk=actor.membership.pk)
    for word in text.split()[:8]:
        members = members.filter(name__icontains=word)
    found = list(members[:SUGGESTED])
    labels = member_labels(found)
    return [labels[member.pk] for member in found]


def find_mentions(actor: Actor, lead: Lead, text: str) -> Mentions:
    """Return whom a text mentions among those who may read the lead. No query where no @ mentions."""
    places = [match.end() for match in MENTION.finditer(text)]
    if not places:
        return Mentions()
    ways = _Ways(mentionable_members(actor, lead))
    members: dict[int, Membership] = {}
    unknown: dict[str, None] = {}
    for place in places:
        member = ways.beginning(text[place:])
        if member is not None:
            members[member.pk] = member
        else:
            unknown[WORD.match(text, place).group()] = None  # type: ignore[union-attr]
    return Mentions(list(members.values()), list(unknown))


class _Ways:
    """The ways to write each member; one that means two of them means nobody."""

    def __init__(self, members: Iterable[Membership]) -> None:
        found = list(members)
        labels = member_labels(found)
        first: dict[str, set[int]] = {}
        whole: dict[str, set[int]] = {}
        for member in found:
            for name in {str(member), labels[member.pk]}:
                whole.setdefault(normalise_text(name), set()).add(member.pk)
            word = WORD.match(normalise_text(str(member)))
            if word:
                first.setdefault(word.group(), set()).add(member.pk)
        self._members = {member.pk: member for member in found}
        ways = {**first, **whole}
        # The longest first: Asha Rao before Asha.
        self._ways = sorted(
            ((way, next(iter(ids))) for way, ids in ways.items() if len(ids) == 1),
            key=lambda each: -len(each[0]),
        )

    def beginning(self, text: str) -> Membership | None:
        """The member with whose name the text begins, not in the middle of a word."""
        written = normalise_text(text[:200])
        for way, pk in self._ways:
            if written.startswith(way) and not re.match(r"\w", written[len(way) :]):
                return self._members[pk]
        return None
