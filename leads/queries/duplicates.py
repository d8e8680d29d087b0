"""Which other leads of its line a lead repeats, by what the line is told to compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.actor import Actor
from leads.fields.access import visible_fields
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import type_of
from leads.models import DuplicateKey, Lead, LeadToken, LeadValue
from leads.queries.leads import visible_leads
from leads.services.derived import REVERSED, KeyMaker, tokens_of

# Of one lead; who has more has another problem.
MOST = 50


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A lead that repeats another, and by which entries of its line (`phone`, `name+city`) and unique fields."""

    lead: Lead
    matches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What a lead repeats: leads that the actor sees, newest first, and whether there are others besides."""

    leads: Sequence[Duplicate]
    elsewhere: bool


def lead_duplicates(actor: Actor, lead: Lead) -> Duplicates:
    """Return the leads that share a key with a lead which the actor sees.

    Of leads that are not the actor's to see it is told only that there are some. Where a line makes leads of
    repeats, one alone holds their key: the others are found by what they are indexed by, and compared.
    """
    definition = line_definition(lead.line)
    maker = KeyMaker(definition, lead.line.duplicate_match, lead.line.on_duplicate)
    wanted = _names_by_key(maker, lead)
    if not wanted:
        return Duplicates((), False)
    candidates = Lead.objects.filter(pk__in=_candidates(lead, definition, maker, wanted), line=lead.line_id)
    found: dict[int, set[str]] = {}
    for other in candidates.exclude(pk=lead.pk):
        if shared := wanted.keys() & _names_by_key(maker, other).keys():
            found[other.pk] = {wanted[key] for key in shared}
    told = _tellable(actor, definition, maker)
    seen = (
        visible_leads(actor)
        .filter(pk__in=list(found))
        .select_related("line", "source", "campaign", "owner__user", "team__user")
        .order_by("-created_at", "-pk")
    )
    leads = [Duplicate(other, tuple(sorted(found[other.pk] & told))) for other in seen]
    return Duplicates(leads, elsewhere=len(leads) < len(found))


def _names_by_key(maker: KeyMaker, lead: Lead) -> dict[str, str]:
    """Return the lead's keys, each with the entry or unique field that makes it."""
    keys = maker.keys(lead.data)
    names = {}
    for entry, _items in maker.entries:
        names |= {key: entry for key in keys.match if key.startswith(f"match:{entry}:"[:60])}
    return {**names, **keys.unique}


def _candidates(lead: Lead, definition: LineDefinition, maker: KeyMaker, keys: Iterable[str]) -> set[int]:
    """Return leads that may share a key: who holds it, and who has the same phone, e-mail or indexed value."""
    found = set(
        DuplicateKey.objects.filter(line_id=lead.line_id, key__in=list(keys)).values_list(
            "lead_id", flat=True
        )
    )
    telling = [token for token in tokens_of(lead, definition) if token[0] == REVERSED or "@" in token]
    found.update(LeadToken.objects.filter(token__in=telling).values_list("lead_id", flat=True)[:MOST])
    for _entry, items in maker.entries:
        item = next((item for item in items if item and item in definition.indexed), None)
        stored = lead.data.get(item.key) if item else None
        if item is None or stored is None:
            continue
        column = type_of(item).index_column
        values = list(type_of(item).index_values(item, stored))
        rows = LeadValue.objects.filter(field_id=item.id, **{f"{column}__in": values})
        found.update(rows.order_by("-created_at").values_list("lead_id", flat=True)[:MOST])
    return found


def _tellable(actor: Actor, definition: LineDefinition, maker: KeyMaker) -> set[str]:
    """Return the entries and unique fields of which the actor may know."""
    visible = {item.key for item in visible_fields(actor, definition, retired=True)}
    entries = {
        entry for entry, items in maker.entries if all(item is None or item.key in visible for item in items)
    }
    return entries | {item.key for item in maker.unique if item.key in visible}
