"""The writers of notes: write, correct, withdraw."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from core.errors import NotPermitted
from leads.models import Lead, Note, Notification, NotificationKind
from leads.queries.mentions import Mentions, find_mentions
from leads.queries.notes import get_note
from leads.services.locking import Precondition, locked_lead
from leads.services.notifying import notify
from leads.services.stalling.clocks import note_activity
from leads.services.texts import written_text

LONGEST_NOTE = 5_000


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note as it is stored, and whom its text mentions."""

    note: Note
    mentions: Mentions


@transaction.atomic
def write_note(*, actor: Actor, reference: str, text: str) -> WrittenNote:
    """Write a note on a lead that the actor may edit, and tell those whom it mentions.

    Raises NotVisible, NotPermitted, or ValidationFailed about `text`.
    """
    lead = locked_lead(actor, reference, "write")
    if actor.membership is None:
        raise NotPermitted("Only a person writes notes.")
    written = written_text("text", text, longest=LONGEST_NOTE)
    note = Note.objects.create(lead=lead, author=actor.membership, text=written)
    note_activity(lead)
    return WrittenNote(note, _tell(actor, lead, note))


@transaction.atomic
def correct_note(
    *, actor: Actor, reference: str, note_id: int, text: str, precondition: Precondition | None = None
) -> WrittenNote:
    """Change the text of one's own note; who is mentioned newly is told. Raises as `write_note` does."""
    lead, note = _own_note(actor, reference, note_id, precondition)
    written = written_text("text", text, longest=LONGEST_NOTE)
    if written == note.text:
        return WrittenNote(note, Mentions())
    note.text, note.corrected_at = written, timezone.now()
    note.save(update_fields=["text", "corrected_at"])
    return WrittenNote(note, _tell(actor, lead, note))


@transaction.atomic
def withdraw_note(
    *, actor: Actor, reference: str, note_id: int, precondition: Precondition | None = None
) -> None:
    """Hide one's own note; its history stays. Raises NotVisible or NotPermitted."""
    _lead, note = _own_note(actor, reference, note_id, precondition)
    note.deleted_at = timezone.now()
    note.save(update_fields=["deleted_at"])


def _own_note(
    actor: Actor, reference: str, note_id: int, precondition: Precondition | None
) -> tuple[Lead, Note]:
    lead = locked_lead(actor, reference, "write")
    note = get_note(lead, note_id)
    if actor.membership is None or note.author_id != actor.membership.pk:
        raise NotPermitted("Only its author changes a note. Write one of your own.")
    if precondition is not None:
        precondition()
    return lead, note


def _tell(actor: Actor, lead: Lead, note: Note) -> Mentions:
    """Tell those who are mentioned and were not told of this note before; take it back from those who no more are."""
    mentions = find_mentions(actor, lead, note.text)
    mentioned = {member.pk for member in mentions.members}
    of_note = Notification.objects.filter(note=note)
    of_note.exclude(recipient_id__in=mentioned).delete()
    told = set(of_note.values_list("recipient_id", flat=True))
    notify(
        kind=NotificationKind.MENTION,
        lead=lead,
        recipient_ids=mentioned - told,
        by=actor.membership,
        note=note,
    )
    return mentions
