"""Reading pairs of leads that may be the same. Who does not see one of the two never sees the pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.actor import Actor
from accounts.masking import Sight
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.errors import FieldError, NotVisible, ValidationFailed
from leads.models import BusinessLine, DuplicatePair, Lead, PairDecision
from leads.presentation import LeadReader
from leads.queries.tags import names_beside_lead

LIKELIEST, NEWEST = "likeliest", "newest"
ORDERS: Mapping[str, tuple[str, ...]] = {LIKELIEST: ("-score", "-pk"), NEWEST: ("-pk",)}
# The attribute of a lead that a reason tells of.
TOLD_OF = {"phone": "phone", "digits": "phone", "email": "email", "city": "city", "name": "name"}


MOST_OF_A_LEAD = 20


@dataclass(frozen=True, slots=True)
class PairPage:
    """Pairs with both leads loaded as pages show them; `older` is the cursor of the next ones, "" at the end."""

    pairs: Sequence[DuplicatePair]
    older: str


def visible_pairs(actor: Actor, *, verb: str = "read") -> QuerySet[DuplicatePair]:
    """Return the pairs of live leads that the actor may both read (or, by `verb`, write)."""
    pairs = DuplicatePair.objects.filter(first__deleted_at__isnull=True, second__deleted_at__isnull=True)
    owners = reachable_member_ids(actor, Area.LEADS, verb)
    if owners is None:
        return pairs
    return pairs.filter(first__owner_id__in=owners, second__owner_id__in=owners)


def open_pairs(
    actor: Actor, line: BusinessLine | None = None, *, verb: str = "write"
) -> QuerySet[DuplicatePair]:
    """Return the pairs about which nobody has decided and the actor may."""
    pairs = visible_pairs(actor, verb=verb).filter(decision=PairDecision.OPEN)
    return pairs if line is None else pairs.filter(line=line)


def pairs_of(actor: Actor, lead: Lead) -> Sequence[DuplicatePair]:
    """Return the open pairs in which a lead stands, the likeliest first. Two queries."""
    pairs = open_pairs(actor).filter(Q(first=lead) | Q(second=lead))
    return page_of_pairs(pairs, limit=MOST_OF_A_LEAD).pairs


def decided_pairs(actor: Actor) -> QuerySet[DuplicatePair]:
    """Return the pairs that were found not to be the same, of which the actor may say otherwise."""
    return visible_pairs(actor, verb="write").filter(decision=PairDecision.NOT_THE_SAME)


def page_of_pairs(
    pairs: QuerySet[DuplicatePair], *, order: str = LIKELIEST, cursor: str = "", limit: int = 20
) -> PairPage:
    """Return a page of pairs in an order of ORDERS. Three queries, however many pairs.

    Raises ValidationFailed for a cursor or an order that is none.
    """
    if order not in ORDERS:
        message = f"Order by one of {', '.join(ORDERS)}."
        raise ValidationFailed("invalid", message, {"order": [FieldError("choice", message)]})
    if cursor:
        pairs = _behind(pairs, order, cursor)
    found = list(pairs.select_related("line", "decided_by__user").order_by(*ORDERS[order])[: limit + 1])
    shown = found[:limit]
    _load_leads(shown)
    older = ""
    if len(found) > limit:
        last = shown[-1]
        older = f"{last.score}-{last.pk}" if order == LIKELIEST else str(last.pk)
    return PairPage(shown, older)


def _behind(pairs: QuerySet[DuplicatePair], order: str, cursor: str) -> QuerySet[DuplicatePair]:
    parts = cursor.split("-")
    wanted = 2 if order == LIKELIEST else 1
    if len(parts) != wanted or not all(
        part.isascii() and part.isdecimal() and len(part) <= 18 for part in parts
    ):
        message = "Start at the first page again: leave the cursor out."
        raise ValidationFailed("invalid_cursor", message, {"cursor": [FieldError("invalid_cursor", message)]})
    if order == NEWEST:
        return pairs.filter(pk__lt=int(parts[0]))
    score, number = map(int, parts)
    below = pairs.filter(score__lt=score)
    return below | pairs.filter(score=score, pk__lt=number) if score <= 100 else pairs


def _load_leads(pairs: Sequence[DuplicatePair]) -> None:
    """Give the pairs their leads with what pages show of them, in one query."""
    wanted = {each for pair in pairs for each in (pair.first_id, pair.second_id)}
    if not wanted:
        return
    leads = Lead.objects.filter(pk__in=wanted).select_related(
        "line", "source", "campaign", "owner__user", "team__user"
    )
    by_id = {lead.pk: lead for lead in leads.annotate(tag_names=names_beside_lead())}
    for pair in pairs:
        # One that was withdrawn at this very moment is shown as it was.
        pair.first = by_id.get(pair.first_id) or pair.first
        pair.second = by_id.get(pair.second_id) or pair.second


def get_pair(actor: Actor, pair_id: int) -> DuplicatePair:
    """Return a pair of two leads that the actor sees, whatever was decided. Raises NotVisible."""
    found = list(visible_pairs(actor).filter(pk=pair_id).select_related("line", "decided_by__user"))
    _load_leads(found)
    if not found:
        raise NotVisible("No pair with this number is visible to you.")
    return found[0]


def open_by_line(actor: Actor) -> dict[int, int]:
    """Return how many pairs of each line wait for the actor: line → number, lines without any left out."""
    rows = open_pairs(actor).order_by().values("line_id").annotate(pairs=Count("pk"))
    return dict(rows.values_list("line_id", "pairs"))


def told_reasons(reader: LeadReader, pair: DuplicatePair) -> list[str]:
    """Return the reasons of a pair that its reader may know: of fields that are seen clearly in both leads."""
    return [
        reason
        for reason in pair.reasons
        if all(
            reader.attribute_sight(lead, TOLD_OF[reason.partition(":")[0]]) is Sight.CLEAR
            for lead in (pair.first, pair.second)
        )
    ]
