"""Which leads are worth comparing: those in one block, by what search knows of them (`LeadToken`), off its index.

A block is the last seven digits of a phone, an e-mail address, or a word of the name within a city. Who shares none of
these is not compared. A block in which too many leads are says nothing about any two of them and is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from core.scope import current_organization_id
from leads.models import Lead, LeadToken
from leads.services.derived import REVERSED
from leads.services.pairing.likeness import LAST_DIGITS, Side, side

# Leads that share a word, before the city is asked: along the index, and of a lead that is new; and of a block.
MOST_HOLDERS, MOST_OF_NEW, MOST_IN_BLOCK = 25_000, 2_000, 60
LEAST_WORD = 3
PREFIX = len(REVERSED) + LAST_DIGITS
# Stands before whatever can follow in a token.
FIRST, LAST = "\x01", "\U0010fffd"
HOLDERS = """
SELECT asked.block, held.lead_id
  FROM unnest(%(blocks)s::text[], %(ends)s::text[]) AS asked (block, ends)
 CROSS JOIN LATERAL (
       SELECT lead_id FROM leads_leadtoken
        WHERE organization_id = %(organization)s AND token >= asked.block COLLATE "C"
          AND token < asked.ends COLLATE "C" LIMIT %(most)s) AS held
"""


@dataclass(slots=True)
class Blocks:
    """Leads by block, and how many blocks were left out because they were too large: `most` may share one."""

    members: dict[str, set[int]] = field(default_factory=dict)
    too_large: int = 0
    most: int = MOST_HOLDERS


def block_of(token: str) -> str:
    """Return what of a token leads are brought together by; "" for nothing: digits are found by their end."""
    if token.startswith(REVERSED):
        return token[:PREFIX] if len(token) >= PREFIX else ""
    if token.isdecimal() or len(token) < LEAST_WORD:
        return ""
    return token


def needs_city(block: str) -> bool:
    """Whether the block is a word, which says something only within a city."""
    return not block.startswith(REVERSED) and "@" not in block


def end_of(block: str) -> str:
    """Return the token before which all tokens of a block stand."""
    return block + (LAST if block.startswith(REVERSED) else FIRST)


def next_blocks(after: str, limit: int) -> tuple[Blocks, str, int]:
    """Return the blocks behind a token in the order of the index, the token to go on behind, and the rows read.

    The token is "" at the end. A block is never cut: one that is larger than the limit is left out.
    """
    rows = list(
        LeadToken.objects.filter(token__gt=after)
        .order_by("token", "lead_id")
        .values_list("token", "lead_id")[:limit]
    )
    found = Blocks()
    if not rows:
        return found, "", 0
    going_on = ""
    if len(rows) == limit:
        last = rows[-1][0]
        cut = block_of(last) or last
        whole = [row for row in rows if (block_of(row[0]) or row[0]) != cut]
        if whole:
            going_on = whole[-1][0]
        else:
            going_on = end_of(cut)
            found.too_large += bool(block_of(last))
        rows = whole
    for token, lead_id in rows:
        if block := block_of(token):
            found.members.setdefault(block, set()).add(lead_id)
    return found, going_on, len(rows)


def blocks_of(lead_ids: Sequence[int]) -> Blocks:
    """Return the blocks in which these leads stand, with all who share them."""
    tokens = LeadToken.objects.filter(lead_id__in=lead_ids).values_list("token", flat=True).distinct()
    wanted = sorted({block for token in tokens if (block := block_of(token))})
    found = Blocks(most=MOST_OF_NEW)
    with connection.cursor() as cursor:
        cursor.execute(
            HOLDERS,
            {
                "blocks": wanted,
                "ends": [end_of(block) for block in wanted],
                "organization": current_organization_id(),
                "most": MOST_OF_NEW + 1,
            },
        )
        for block, lead_id in cursor.fetchall():
            found.members.setdefault(block, set()).add(lead_id)
    return found


def couples(blocks: Blocks, sides: Mapping[int, Side]) -> Iterator[tuple[Side, Side]]:
    """Yield each two leads of a line that share a block, once, the older number first; count what is too large."""
    seen: set[tuple[int, int]] = set()
    for block, members in blocks.members.items():
        if len(members) > blocks.most:
            blocks.too_large += 1
            continue
        for group in _groups(block, (sides[each] for each in members if each in sides)):
            if len(group) > MOST_IN_BLOCK:
                blocks.too_large += 1
                continue
            ordered = sorted(group, key=lambda each: each.lead_id)
            for index, one in enumerate(ordered):
                for other in ordered[index + 1 :]:
                    pair = (one.lead_id, other.lead_id)
                    if pair not in seen:
                        seen.add(pair)
                        yield one, other


def _groups(block: str, members: Iterable[Side]) -> Iterable[list[Side]]:
    """The members by line, and of a word by city too: who has none is compared by a word with nobody."""
    by_place: dict[tuple[int, str], list[Side]] = defaultdict(list)
    in_city = needs_city(block)
    for each in members:
        if not in_city or each.city:
            by_place[each.line_id, each.city if in_city else ""].append(each)
    return [group for group in by_place.values() if len(group) > 1]


def sides_of(blocks: Blocks) -> dict[int, Side]:
    """Return what is compared of all live leads that stand in a block with another one."""
    wanted = {
        each for members in blocks.members.values() if 1 < len(members) <= blocks.most for each in members
    }
    return sides_of_leads(wanted)


def sides_of_leads(lead_ids: Collection[int]) -> dict[int, Side]:
    """Return what is compared of those of some leads that are live."""
    columns = ("pk", "line_id", "name", "phone", "email", "city")
    return {row[0]: side(*row) for row in Lead.objects.filter(pk__in=lead_ids).values_list(*columns)}
