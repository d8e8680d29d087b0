"""Which columns an actor sees and may change, and what stands where one is masked.

Roles and the reporting tree decide rows; the settings of a field decide columns. Pure functions.
"""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Protocol

from accounts.actor import Actor
from accounts.roles import LEVEL_ORDER, Area

# One length for every value: how long a name is tells something too.
MASK = "••••"
SHOWN_OF_PHONE = 4
LEAST_PHONE_DIGITS = 8
LEAST_LOCAL_PART = 3
# What personal data looks like in a sentence: addresses, six digits and more, numbers of papers such as a PAN.
PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\+?\d(?:[ ().\u00a0-]{0,2}\d){5,}"
    r"|\b(?=\w{0,30}[^\W\d_])(?:[^\W\d]*\d){4}\w*\b"
)


class Sight(StrEnum):
    """How one actor sees one field of one lead, in the order of how little that is."""

    CLEAR = "clear"
    MASKED = "masked"  # that there is a value is told, and a hint of it
    HIDDEN = "hidden"  # as if the field did not exist


class FieldAccess(Protocol):
    """What a field's definition says about who sees and changes it; roles by their values."""

    pii: bool
    visible_to: Collection[str]
    editable_by: Collection[str]


def sight_of(actor: Actor, field: FieldAccess, *, may_edit: bool) -> Sight:
    """Return how the actor sees the field in a row; `may_edit` says whether the actor may edit that row.

    `visible_to` names the roles that see a field, to all others it does not exist. Personal data without
    it is clear to those who may edit the row and masked to the rest. The system itself sees everything.
    """
    if actor.membership is None:
        return Sight.CLEAR
    if field.visible_to:
        return Sight.HIDDEN if actor.roles.isdisjoint(field.visible_to) else Sight.CLEAR
    return Sight.MASKED if field.pii and not may_edit else Sight.CLEAR


def sight_everywhere(actor: Actor, field: FieldAccess) -> Sight:
    """Return how the actor sees the field in every lead that the actor may read, at the least.

    Filters, ordering and search may use a field only where this is clear: a masked value that can be searched
    for is guessed letter by letter.
    """
    reads, edits = (LEVEL_ORDER.index(actor.level(Area.LEADS, verb)) for verb in ("read", "write"))
    return sight_of(actor, field, may_edit=edits >= reads)


def strictest(sights: Iterable[Sight]) -> Sight:
    """Return the one that shows least; clear where there is none."""
    return max(sights, key=list(Sight).index, default=Sight.CLEAR)


def is_editable(actor: Actor, field: FieldAccess, *, may_edit: bool) -> bool:
    """Return whether the actor may change the field in a row that `may_edit` says can be edited."""
    if not may_edit or sight_of(actor, field, may_edit=True) is not Sight.CLEAR:
        return False
    return actor.membership is None or not field.editable_by or not actor.roles.isdisjoint(field.editable_by)


def mask(text: str, kind: str = "text") -> str:
    """Return what is shown in place of a personal value: the same for the same value; nothing gives "".

    `kind` is the field's type. A phone keeps its last four digits (••••4787), an e-mail its first letter and
    its top domain (m•••@•••.org), so that the person who knows it recognises it; all else is dots alone.
    """
    if not text:
        return ""
    if kind == "phone":
        return _mask_phone(text)
    if kind == "email":
        return _mask_email(text)
    return MASK


def shown(text: str, sight: Sight, kind: str = "text") -> str:
    """Return the text as it may be shown; a hidden one is ""."""
    if sight is Sight.HIDDEN:
        return ""
    return mask(text, kind) if sight is Sight.MASKED else text


def mask_sentence(text: str) -> str:
    """Return what people wrote with all in it masked that looks like personal data.

    It hides too much rather than too little: a long amount goes too.
    """
    return PERSONAL.sub(MASK, text)


def _mask_phone(text: str) -> str:
    digits = [character for character in text if character.isdigit()]
    # Of a short number, four digits would be most of it.
    return MASK + "".join(digits[-SHOWN_OF_PHONE:]) if len(digits) >= LEAST_PHONE_DIGITS else MASK


def _mask_email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    _host, dot, top = domain.rpartition(".")
    if not (at and dot and top.isalpha()):
        return MASK
    first = local[0] if len(local) >= LEAST_LOCAL_PART else ""
    return f"{first}•••@•••.{top}"
