"""The writers of attachments: attach, rename, remove, restore; and who may open their files."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from core.errors import Conflict, Contested, FieldError, NotPermitted, ValidationFailed
from core.kept_files import KINDS, FileRefused, register_purpose
from core.models import StoredFile
from core.services.files import MEGABYTE, FileLimits, attach_files, store_file
from leads.models import AttachmentKind, Lead, LeadAttachment
from leads.presentation import LeadReader
from leads.queries.attachments import (
    MOST_ATTACHMENTS,
    attachment_label,
    get_attachment,
    is_open,
    lead_attachments,
)
from leads.queries.leads import get_lead, visible_leads
from leads.services.locking import Precondition, locked_lead
from leads.services.stalling.clocks import note_activity
from leads.services.texts import written_text

PURPOSE = "leads.attachment"
LIMITS = FileLimits(tuple(KINDS), 10 * MEGABYTE)
LONGEST_LABEL = 120


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment, and whether it is new: the same file of the same kind is attached once."""

    attachment: LeadAttachment
    is_new: bool


def attach_file(
    *, actor: Actor, reference: str, kind: str, label: str = "", filename: str, chunks: Iterable[bytes]
) -> Attached:
    """Attach a file to a lead that the actor may edit; without a label it is called as the file is.

    The bytes are kept before the lead is held, because a large file takes its time; what is not attached in the end
    is cleared away with other files that belong to nothing.

    Raises:
        NotVisible, NotPermitted.
        ValidationFailed: about `kind`, `label` or `file`, which is there under another kind already.
        Conflict: the lead has as many as it can have.
    """
    _writer(actor)
    get_lead(actor, reference, verb="write")
    kind = _known_kind(kind)
    label = written_text("label", label, longest=LONGEST_LABEL) if label.strip() else ""
    file = _kept(actor, reference, filename, chunks)
    with transaction.atomic():
        return _attach(actor, reference, file, AttachmentKind(kind), label or file.name)


def _kept(actor: Actor, reference: str, filename: str, chunks: Iterable[bytes]) -> StoredFile:
    try:
        return store_file(
            actor=actor, purpose=PURPOSE, about=reference, filename=filename, chunks=chunks, limits=LIMITS
        )
    except FileRefused as error:
        raise _refused("file", error.code, error.message) from error


def _attach(actor: Actor, reference: str, file: StoredFile, kind: AttachmentKind, called: str) -> Attached:
    lead = locked_lead(actor, reference, "write")
    same = lead_attachments(lead).filter(sha256=file.sha256).first()
    if same is not None and same.kind == kind:
        return Attached(same, is_new=False)
    if same is not None:
        message = "This file is attached already as “{label}”, of another kind. Remove it there first."
        label = attachment_label(LeadReader(actor), lead, same)
        raise _refused("file", "unique", message.format(label=label))
    if lead_attachments(lead).count() >= MOST_ATTACHMENTS:
        raise _too_many()
    attachment = LeadAttachment.objects.create(
        lead=lead, file=file, kind=kind, label=called, sha256=file.sha256, author=_writer(actor)
    )
    held = attach_files(actor=actor, purpose=PURPOSE, file_ids=[file.pk], subject_id=attachment.pk)
    if held != {file.pk}:
        raise Contested("file_taken", "The file was cleared away meanwhile. Choose it again.")
    note_activity(lead)
    return Attached(attachment, is_new=True)


@transaction.atomic
def rename_attachment(*, actor: Actor, reference: str, attachment_id: int, label: str) -> LeadAttachment:
    """Call an attachment otherwise. Raises NotVisible, NotPermitted, or ValidationFailed about `label`."""
    lead = locked_lead(actor, reference, "write")
    attachment = get_attachment(lead, attachment_id)
    attachment.label = written_text("label", label, longest=LONGEST_LABEL)
    attachment.save(update_fields=["label"])
    return attachment


@transaction.atomic
def remove_attachment(
    *, actor: Actor, reference: str, attachment_id: int, precondition: Precondition | None = None
) -> None:
    """Take an attachment away; its links open nothing any more. It can be restored. Raises NotVisible, NotPermitted."""
    member = _writer(actor)
    lead = locked_lead(actor, reference, "write")
    attachment = get_attachment(lead, attachment_id)
    if precondition is not None:
        precondition()
    attachment.deleted_at, attachment.removed_by = timezone.now(), member
    attachment.save(update_fields=["deleted_at", "removed_by"])


@transaction.atomic
def restore_attachment(*, actor: Actor, reference: str, attachment_id: int) -> LeadAttachment:
    """Put back what was taken away.

    Raises NotVisible, NotPermitted, or Conflict where the same file was attached since, or too many are there.
    """
    _writer(actor)
    lead = locked_lead(actor, reference, "write")
    attachment = get_attachment(lead, attachment_id, removed=True)
    if lead_attachments(lead).filter(sha256=attachment.sha256).exists():
        raise Conflict("attached_again", "The same file has been attached again since.")
    if lead_attachments(lead).count() >= MOST_ATTACHMENTS:
        raise _too_many()
    attachment.deleted_at, attachment.removed_by = None, None
    attachment.save(update_fields=["deleted_at", "removed_by"])
    return attachment


@register_purpose(PURPOSE)
def may_read_attachment(actor: Actor, file: StoredFile) -> bool:
    """Whether the actor sees the lead, the file is attached to it still, and is not closed to the actor."""
    if file.subject_id is None or not actor.may(Area.LEADS, "read"):
        return False
    attachment = LeadAttachment.objects.filter(pk=file.subject_id, file=file).first()
    if attachment is None:
        return False
    lead: Lead | None = visible_leads(actor).filter(pk=attachment.lead_id).first()
    return lead is not None and is_open(LeadReader(actor), lead, attachment)


def _writer(actor: Actor) -> Membership:
    if actor.membership is None:
        raise NotPermitted("Only a person attaches files and removes them.")
    return actor.membership


def _known_kind(kind: str) -> str:
    if kind not in AttachmentKind.values:
        raise _refused("kind", "choice", "Choose one of: kyc, quote, other.")
    return kind


def _refused(name: str, code: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid", message, {name: [FieldError(code, message)]})


def _too_many() -> Conflict:
    return Conflict("too_many", f"A lead has at most {MOST_ATTACHMENTS} attachments. Remove one first.")
