"""Reading the notes of one lead."""

from django.db.models import QuerySet

from core.errors import NotVisible
from leads.models import Lead, Note


def lead_notes(lead: Lead) -> QuerySet[Note]:
    """Return the notes of a lead that the actor may see (`get_lead`), with their authors."""
    return notes_of(lead.pk)


def notes_of(lead_id: int) -> QuerySet[Note]:
    """The same by the number of such a lead."""
    return Note.objects.filter(lead_id=lead_id).select_related("author__user")


def get_note(lead: Lead, note_id: int) -> Note:
    """Return one note of such a lead. Raises NotVisible."""
    note = lead_notes(lead).filter(pk=note_id).first()
    if note is None:
        raise NotVisible("No note of this lead has this number.")
    return note
