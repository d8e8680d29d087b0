"""Files that come in through public forms: kept apart until their enquiry is taken in, then the lead's.

A file is handed in as `PENDING`, which nobody reads and nothing but an enquiry of the same line takes; what no
enquiry took is cleared away with other files that belong to nothing. With an enquiry that is held it waits as
`HELD`, and goes with it where somebody discards it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.actor import Actor
from core.errors import ApplicationError, Contested, FieldError, ValidationFailed
from core.kept_files import register_purpose
from core.kept_files.kinds import PICTURES
from core.models import StoredFile
from core.services.files import MEGABYTE, FileLimits, pass_files_on, remove_files, store_file
from leads.fields.asked import asked_items
from leads.fields.definition import FieldDefinition
from leads.fields.kept_files import FIELD_KINDS, about_field, limits_of_field, written_file
from leads.fields.kept_files import PURPOSE as OF_FIELD
from leads.fields.line import LineDefinition, line_definition
from leads.models import AttachmentKind, FormLink, FormSubmission, Lead, LeadAttachment
from leads.queries.attachments import MOST_ATTACHMENTS
from leads.queries.form_links import form_actor
from leads.services.attachments import LONGEST_LABEL
from leads.services.attachments import PURPOSE as OF_ATTACHMENT

PENDING = "leads.form"
HELD = "leads.enquiry"
# Papers and photographs of papers, unless the field itself says what it takes.
USUAL_KINDS = ("pdf", *PICTURES)


class WaitingRoomFull(ApplicationError):
    """Too much waits for its enquiries already."""

    status = 429

    def __init__(self) -> None:
        message = _("Files cannot be taken at the moment. Send it without the file, or try again later.")
        super().__init__("files_full", message)


class AttachmentsFull(Exception):
    """The lead that an enquiry repeats has as many attachments as it can have."""


def limits_of_form(item: FieldDefinition) -> FileLimits:
    """What a public form takes for a field: what the field takes, and never more than the installation allows."""
    limits = limits_of_field(item)
    kinds = limits.kinds if item.accept or limits.as_picture else USUAL_KINDS
    return FileLimits(
        kinds, min(limits.max_bytes, settings.FORM_FILE_MEGABYTES * MEGABYTE), limits.as_picture
    )


def keep_form_file(*, link: FormLink, key: str, filename: str, chunks: Iterable[bytes]) -> StoredFile:
    """Keep a file that a visitor hands in for a field that the form asks, inside the form's scope.

    Raises:
        ValidationFailed: the form asks no such file; FileRefused: it is not taken.
        WaitingRoomFull: as much waits, for enquiries or with held ones, as the organisation's forms may keep.
    """
    asked = asked_items(line_definition(link.line), link.field_keys)
    item = next((item for item in asked if item.key == key and item.type in FIELD_KINDS), None)
    if item is None:
        message = _("This form asks no such file.")
        raise ValidationFailed("invalid", message, {key: [FieldError("unknown_field", message)]})
    waiting = StoredFile.objects.filter(purpose__in=[PENDING, HELD])
    if (waiting.aggregate(bytes=Sum("size"))["bytes"] or 0) >= settings.FORM_PENDING_MEGABYTES * MEGABYTE:
        raise WaitingRoomFull
    return store_file(
        actor=form_actor(link),
        purpose=PENDING,
        about=about_field(link.line_id, key),
        filename=filename,
        chunks=chunks,
        limits=limits_of_form(item),
    )


class EnquiryFiles:
    """The files of one enquiry, from the moment that it is read: taken out of waiting, and put where they belong.

    Work in the transaction that writes the enquiry: what it does not keep goes back to waiting.
    """

    def __init__(self, link: FormLink, values: Mapping[str, Any]) -> None:
        self.link = link
        definition = line_definition(link.line)
        written = {
            key: written_file(values.get(key)) for key, kind in definition.referring if kind == "files"
        }
        numbers = {key: int(number) for key, number in written.items() if number}
        rows = StoredFile.objects.filter(uploaded_by=None).in_bulk([*numbers.values()])
        found = {key: rows[number] for key, number in numbers.items() if number in rows}
        # What each file is, by its bytes: sent twice, it is the same, also where it is attached to a lead by now.
        self.marks = {key: row.sha256 for key, row in found.items()}
        self.by_key = {key: row for key, row in found.items() if row.about == about_field(link.line_id, key)}
        self._taken: frozenset[int] = frozenset()

    @property
    def _ids(self) -> list[int]:
        return [row.pk for row in self.by_key.values()]

    def take(self, submission: FormSubmission | None = None) -> None:
        """Take them out of waiting, or from the enquiry that is held: the fields of a new lead may name them now."""
        subject = submission.pk if submission else None
        old = HELD if submission else PENDING
        self._taken = pass_files_on(old=(old, subject), new=(OF_FIELD, None), file_ids=self._ids)

    def hold(self, submission: FormSubmission) -> None:
        """Let those that the enquiry names wait with it, and the rest for nothing."""
        named = {int(number) for value in (submission.values or {}).values() if (number := _number(value))}
        kept = self._taken & named
        pass_files_on(old=(OF_FIELD, None), new=(HELD, submission.pk), file_ids=kept)
        self._taken -= kept

    def attach(self, lead_id: int, definition: LineDefinition, data: Mapping[str, Any]) -> None:
        """Attach them to the lead that the enquiry repeats: beside what it holds, never in its place.

        What it has already, by the bytes, is not attached twice. Raises AttachmentsFull.
        """
        if not self._taken:
            return
        found = Lead.objects.select_for_update(no_key=True).filter(pk=lead_id)
        lead = found.only("id", "organization", "reference", "data").first()
        if lead is None:
            raise Contested("contested", "Others are at work on the same at this moment. Try again.")
        there = LeadAttachment.objects.filter(lead=lead)
        known = {*there.values_list("sha256", flat=True), *_held_by(lead, definition)}
        coming = [
            (key, row)
            for key, row in self.by_key.items()
            if row.pk in self._taken and _number(data.get(key)) == str(row.pk) and row.sha256 not in known
        ]
        # Two fields may have been given the same file.
        coming = list({row.sha256: (key, row) for key, row in reversed(coming)}.values())
        if coming and there.count() + len(coming) > MOST_ATTACHMENTS:
            raise AttachmentsFull
        for key, row in coming:
            item = definition.by_key[key]
            attachment = LeadAttachment.objects.create(
                lead=lead,
                file=row,
                kind=AttachmentKind.KYC if item.pii else AttachmentKind.OTHER,
                label=f"{item.label}: {row.name}"[:LONGEST_LABEL],
                sha256=row.sha256,
                author=None,
            )
            self._taken -= pass_files_on(
                old=(OF_FIELD, None),
                new=(OF_ATTACHMENT, attachment.pk),
                file_ids=[row.pk],
                about=lead.reference,
            )

    def put_back(self) -> None:
        """Let those that nothing has taken wait again, until they are cleared away."""
        pass_files_on(old=(OF_FIELD, None), new=(PENDING, None), file_ids=self._taken)


def _number(value: Any) -> str | None:
    return written_file(value) or None


def _held_by(lead: Lead, definition: LineDefinition) -> Collection[str]:
    """What the fields of a lead hold, by the bytes."""
    values = (lead.data.get(key) for key, kind in definition.referring if kind == "files")
    numbers = [int(number) for value in values if (number := _number(value))]
    return set(StoredFile.objects.filter(pk__in=numbers).values_list("sha256", flat=True))


@register_purpose(PENDING)
@register_purpose(HELD)
def may_read_enquiry_file(actor: Actor, file: StoredFile) -> bool:
    """Nobody opens what no lead has been given."""
    return False


def files_without_enquiry(before: datetime) -> QuerySet[StoredFile]:
    """Files that came with enquiries which have been removed since; `before` says nothing of them."""
    known = FormSubmission.objects.filter(pk=OuterRef("subject_id"))
    return StoredFile.objects.filter(~Exists(known), purpose=HELD, attached_at__isnull=False)


def remove_files_without_enquiry(before: datetime, limit: int) -> int:
    """Remove up to `limit` of them, with their bytes; return how many."""
    return remove_files(files_without_enquiry(before).order_by("pk"), limit)
