"""Reading what is attached to one lead."""

from collections.abc import Iterable

from django.db.models import F, QuerySet

from accounts.masking import MASK
from core.errors import NotVisible
from leads.models import AttachmentKind, Lead, LeadAttachment
from leads.presentation import LeadReader

# Personal data: closed to who reads the lead and may not edit it, as its fields of such data are.
PERSONAL_KINDS = frozenset({AttachmentKind.KYC})
MOST_ATTACHMENTS = 100
# So many of those that were taken away are offered again.
MOST_REMOVED = 10


def lead_attachments(lead: Lead) -> QuerySet[LeadAttachment]:
    """Return what is attached to a lead that the actor may see (`get_lead`), with files and people."""
    return LeadAttachment.objects.filter(lead=lead).select_related("file", "author__user")


def attachments_of(lead_id: int) -> QuerySet[LeadAttachment]:
    """The same by the number of such a lead, with what was taken away."""
    return LeadAttachment.everything.filter(lead_id=lead_id).select_related(
        "file", "author__user", "removed_by__user"
    )


def listed_attachments(lead_id: int) -> QuerySet[LeadAttachment]:
    """The rows that `shown_attachments` takes: what is attached, the newest first, then what was taken away last."""
    newest = F("deleted_at").desc(nulls_first=True), "-created_at", "-pk"
    return attachments_of(lead_id).order_by(*newest)[: MOST_ATTACHMENTS + MOST_REMOVED]


def shown_attachments(
    rows: Iterable[LeadAttachment], *, with_removed: bool
) -> tuple[list[LeadAttachment], list[LeadAttachment]]:
    """Return of such rows those that a page shows: what is attached, and what was taken away."""
    live, removed = [], []
    for row in rows:
        (live if row.deleted_at is None else removed).append(row)
    return live, removed[:MOST_REMOVED] if with_removed else []


def get_attachment(lead: Lead, attachment_id: int, *, removed: bool = False) -> LeadAttachment:
    """Return one attachment of such a lead; with `removed` one that was taken away. Raises NotVisible."""
    rows = attachments_of(lead.pk).filter(deleted_at__isnull=False) if removed else lead_attachments(lead)
    attachment = rows.filter(pk=attachment_id).first()
    if attachment is None:
        raise NotVisible("No attachment of this lead has this number.")
    return attachment


def is_open(reader: LeadReader, lead: Lead, attachment: LeadAttachment) -> bool:
    """Whether the reader may open the file, and know what it is called."""
    personal = attachment.kind in PERSONAL_KINDS
    return not personal or reader.actor.membership is None or reader.may_edit(lead)


def attachment_label(reader: LeadReader, lead: Lead, attachment: LeadAttachment) -> str:
    """What the reader is told that it is called: dots where it is closed to the reader."""
    return reader.sentence(lead, attachment.label) if is_open(reader, lead, attachment) else MASK
