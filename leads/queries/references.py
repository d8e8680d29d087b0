"""Members and leads that fields refer to: which of them an actor may choose, and what was written for them.

Choosing a member means knowing that there is one of that name. Whoever works with leads may know the names of
colleagues; partner systems may not, and e-mail addresses are never shown, only understood.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area, Role
from core.queries.files import own_unattached
from core.rules import normalise_text
from leads.fields.behaviour import NOTHING_KNOWN, Known
from leads.fields.kept_files import PURPOSE, about_field, value_of, written_file
from leads.fields.line import LineDefinition
from leads.fields.references import AMBIGUOUS, written_lead, written_member
from leads.queries.leads import is_reference, kept_in_place_of, visible_leads

WRITTEN = {"members": written_member, "leads": written_lead}
LARGEST_ID = 2**63 - 1


def look_up(
    actor: Actor,
    definition: LineDefinition,
    rows: Iterable[Mapping[str, Any]],
    *,
    stored: Mapping[str, Any] | None = None,
) -> Known:
    """Return what the values of rows (raw, by field key) refer to, as far as the actor may choose it.

    `stored` is the data of the lead that is edited: the member that it names may stay, also one who has left.
    One query per kind of reference that something is written for, however many rows.
    """
    if not definition.referring:
        return NOTHING_KNOWN
    wanted: dict[str, set[str]] = {kind: set() for kind in WRITTEN}
    files: set[tuple[str, str]] = set()
    for row in rows:
        for key, kind in definition.referring:
            if kind == "files" and (number := written_file(row.get(key))):
                files.add((key, number))
            elif kind in WRITTEN and row.get(key) is not None and (written := WRITTEN[kind](row[key])):
                wanted[kind].add(written)
    held = {str((stored or {}).get(key, "")) for key, kind in definition.referring if kind == "members"}
    return Known(
        _members(actor, wanted["members"], held),
        _leads(actor, wanted["leads"]),
        _files(actor, definition, files, stored or {}),
    )


def choosable_members(actor: Actor) -> QuerySet[Membership]:
    """Return the members that a field may name, with their users, by name; nobody for partner systems."""
    if not actor.may(Area.LEADS, "write"):
        return Membership.objects.none()
    working = Membership.objects.filter(is_active=True).exclude(roles=[Role.PARTNER])
    return working.select_related("user").order_by(Lower("name"), "pk")


def search_members(actor: Actor, text: str, *, limit: int = 20) -> list[Membership]:
    """Return the first members by name that the actor may choose, whose names have all words of the text."""
    members = choosable_members(actor)
    for word in text.split()[:8]:
        members = members.filter(name__icontains=word)
    return list(members[:limit])


def member_labels(members: Iterable[Membership]) -> dict[int, str]:
    """Return how each member is written so that it is read as the same one: the name, with the number behind it
    where another active member has the same name, or where the member has left."""
    found = list(members)
    names = {normalise_text(str(member)) for member in found}
    namesakes = Membership.objects.filter(is_active=True).annotate(key=Lower("name")).filter(key__in=names)
    times: dict[str, int] = {}
    for name in namesakes.values_list("name", flat=True):
        times[normalise_text(name)] = times.get(normalise_text(name), 0) + 1
    labels = {}
    for member in found:
        name = str(member)
        is_plain = member.is_active and member.deleted_at is None and times.get(normalise_text(name), 0) < 2
        labels[member.pk] = name if is_plain else f"{name} ({member.pk})"
    return labels


def knows_colleagues(actor: Actor) -> bool:
    """Whether the actor may know who a member is: people who see leads do, partner systems do not."""
    return bool(actor.roles - {Role.PARTNER}) and actor.may(Area.LEADS, "read")


def members_named(actor: Actor, text: str) -> list[str]:
    """Return the numbers of the members that a text may mean in a filter, those who have left among them.

    A partner's system names them by number alone, and is not told whether there is such a member.
    """
    written = written_member(text)
    if not written:
        return []
    if actor.roles <= {Role.PARTNER}:
        return [written] if written.isdecimal() else []
    members = _written_so(Membership.everything.all(), {written})
    return [str(member.pk) for member in members.select_related("user") if written in _ways(member)]


def _members(actor: Actor, wanted: set[str], held: set[str]) -> dict[str, str]:
    known = {number: number for number in wanted & held}
    if not wanted - known.keys():
        return known
    for member in _written_so(choosable_members(actor), wanted):
        for way in _ways(member) & wanted:
            known[way] = str(member.pk) if known.get(way, str(member.pk)) == str(member.pk) else AMBIGUOUS
    return known


def _files(
    actor: Actor, definition: LineDefinition, wanted: set[tuple[str, str]], stored: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """The files that the lead holds in the same field, and those that the actor has handed in for it."""
    if not wanted:
        return {}
    known = {
        f"{key}/{number}": stored[key]
        for key, number in wanted
        if isinstance(stored.get(key), Mapping) and str(stored[key].get("id")) == number
    }
    numbers = {int(number) for key, number in wanted if f"{key}/{number}" not in known}
    own = own_unattached(actor, sorted(numbers), purpose=PURPOSE) if numbers else []
    by_about = {(file.about, str(file.pk)): file for file in own}
    for key, number in wanted:
        if file := by_about.get((about_field(definition.line_id, key), number)):
            known[f"{key}/{number}"] = value_of(file)
    return known


def _written_so(members: QuerySet[Membership], wanted: set[str]) -> QuerySet[Membership]:
    numbers = [
        int(each) for each in wanted if each.isascii() and each.isdecimal() and int(each) <= LARGEST_ID
    ]
    # The database folds case a little differently; what it finds too much is sorted out by `_ways`.
    names = {form for each in wanted for form in (each, each.lower())}
    found = Q(pk__in=numbers) | Q(user__email__in=names) | Q(name_key__in=names)
    return members.annotate(name_key=Lower("name")).filter(found)


def _ways(member: Membership) -> set[str]:
    """The forms in which a member can be written."""
    return {str(member.pk), normalise_text(member.user.email), normalise_text(member.name)} - {""}


def _leads(actor: Actor, wanted: set[str]) -> dict[str, str]:
    references = [each for each in wanted if is_reference(each)]
    if not references or not actor.may(Area.LEADS, "read"):
        return {}
    found = visible_leads(actor).filter(reference__in=references)
    known = {reference: reference for reference in found.values_list("reference", flat=True)}
    missing = [each for each in references if each not in known]
    # What names a lead that was merged means the one that was kept.
    return known | dict(kept_in_place_of(actor, missing)) if missing else known
