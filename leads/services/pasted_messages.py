"""The writer of a lead that comes from a message which somebody pasted."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from accounts.actor import Actor
from leads.models import BusinessLine
from leads.services.leads import CreateResult, create_lead
from leads.services.notes import LONGEST_NOTE, write_note


@transaction.atomic
def create_lead_with_note(
    *,
    actor: Actor,
    line: BusinessLine,
    values: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
    note: str,
) -> CreateResult:
    """Store an enquiry as `create_lead` does, and on a lead that is new the note: both or neither.

    A text longer than one note becomes several. A repeat gets none: the lead is worked by somebody who has notes
    of their own. Raises as both writers do.
    """
    result = create_lead(actor=actor, line=line, values=values, attributes=attributes)
    if result.lead is not None:
        for text in _notes(note):
            write_note(actor=actor, reference=result.lead.reference, text=text)
    return result


def _notes(text: str) -> Iterator[str]:
    """The text in pieces of a note's length, parted between lines where there are any."""
    left = text.replace("\r\n", "\n").strip()
    while len(left) > LONGEST_NOTE:
        at = left.rfind("\n", 1, LONGEST_NOTE)
        cut = at if at > 0 else LONGEST_NOTE
        piece, left = left[:cut].strip(), left[cut:].strip()
        if piece:
            yield piece
    if left:
        yield left
