"""What tells repeats of one stored lead, and its unique values, claimed for it alone."""

from collections.abc import Mapping, Set
from typing import Any

from accounts.actor import Actor
from core.database.bulk import insert_rows
from core.errors import ValidationFailed
from leads.fields.capture import Problem
from leads.fields.line import LineDefinition
from leads.fields.wording import sentences
from leads.models import DuplicateKey, Lead
from leads.services.derived import KEY_COLUMNS, KeyMaker
from leads.services.enquiries import WRONG, details_taken


def keys_of(maker: KeyMaker, data: Mapping[str, Any] | None) -> Set[str]:
    """Return all keys that a lead with this data has; none for None."""
    if data is None:
        return frozenset()
    keys = maker.keys(data)
    return {*keys.match, *keys.unique}


def replace_keys(
    actor: Actor, lead: Lead, definition: LineDefinition, *before: Mapping[str, Any] | None
) -> None:
    """Claim the lead's keys. Raises where another lead holds one that this change newly makes.

    `before` is the data of an edited lead (of both that are merged): a key that it lacked already (its line told
    repeats otherwise then) does not keep the lead from being worked.

    Raises:
        ValidationFailed: another lead has a value that must be its alone.
        DetailsTaken: another lead has what tells repeats.
    """
    maker = KeyMaker(definition, lead.line.duplicate_match, lead.line.on_duplicate)
    keys = maker.keys(lead.data)
    lacked: set[str] = set().union(*(keys_of(maker, data) for data in before))
    wanted = sorted((*keys.match, *keys.unique))
    DuplicateKey.objects.filter(lead_id=lead.pk).exclude(key__in=wanted).delete()
    rows = [(lead.organization_id, lead.line_id, key, lead.pk) for key in wanted]
    insert_rows(DuplicateKey, KEY_COLUMNS, rows, ignore_conflicts=True)
    held = DuplicateKey.objects.filter(line_id=lead.line_id, key__in=wanted).exclude(lead_id=lead.pk)
    holders = dict(held.values_list("key", "lead_id"))
    lost = holders.keys() - lacked
    if unique := {keys.unique[key] for key in lost if key in keys.unique}:
        problems = [Problem(key, "unique") for key in unique]
        raise ValidationFailed("invalid", WRONG, sentences(definition, problems, lead.data))
    if lost and maker.tells_repeats:
        raise details_taken(actor, holders[min(lost)])
