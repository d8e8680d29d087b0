"""What comes in through a form: written as a lead, counted on the lead it repeats, or held for a look.

Whoever fills in a form is never told which of the three it was: that a person is known already is nobody's
business, and a machine that is told it was caught tries again.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import team_of
from core.errors import Conflict, NotPermitted, NotVisible, TooMany, ValidationFailed
from core.scope import current_organization_id, organization_scope
from leads.fields.asked import askable_items, asked_items
from leads.fields.capture import Captured, capture
from leads.fields.kept_files import value_of
from leads.models import (
    ConsentText,
    FieldKind,
    FormLink,
    FormSubmission,
    SubmissionOutcome,
)
from leads.queries.form_links import REASON_START, form_actor, is_open, may_decide
from leads.services.enquiries import EnquiryReader
from leads.services.form_files import AttachmentsFull, EnquiryFiles
from leads.services.kept_files import attach_field_files
from leads.services.lines import pin_line
from leads.services.recording import Enquiry, Outcome, Recorder, Result, count_repeats

# More addresses of web pages than this in one enquiry are hardly meant for us.
MOST_LINKS = 2
LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
COUNT_REFUSAL = """
INSERT INTO leads_formrefusals (organization_id, form_link_id, day, count) VALUES (%s, %s, %s, 1)
    ON CONFLICT (organization_id, form_link_id, day) DO UPDATE SET count = leads_formrefusals.count + 1
"""


class FormClosed(Conflict):
    """The form takes no enquiries, now or any more."""

    def __init__(self) -> None:
        super().__init__("form_closed", "This form does not take enquiries at the moment.")


class DayIsFull(TooMany):
    """The form has taken as many enquiries as it takes a day."""

    def __init__(self, wait: int) -> None:
        super().__init__("day_is_full", "This form takes no more enquiries today. Try again tomorrow.", wait)


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What one press of the button sends.

    `values` are raw, by field key. `press` is the same for what is sent twice. `consent_number`: the version of the
    consent that was seen and agreed to, 0 for none. `address`: where it comes from, kept as a digest.
    `is_trapped`: a field was filled that people do not see.
    """

    values: Mapping[str, Any]
    press: str
    consent_number: int = 0
    address: str = ""
    is_trapped: bool = False

    def digest(self, files: Mapping[str, str]) -> str:
        """The same for the same values of the same press: changed values are another enquiry.

        `files` says of fields what their files are by the bytes: of one file that is sent twice, two are kept.
        """
        written = json.dumps([self.press, {**self.values, **files}], sort_keys=True, default=str)
        return hashlib.sha256(written.encode()).hexdigest()


class _SentAlready(Exception):
    """The same press was stored meanwhile."""


def submit_form(*, link: FormLink, sent: FilledForm) -> FormSubmission:
    """Take one enquiry through a form, inside its scope (`form_link_scope`); what was sent before counts once.

    Raises:
        FormClosed: it takes none. DayIsFull: it takes no more today.
        ValidationFailed: values that were asked need a correction; by field key.
    """
    files = EnquiryFiles(link, sent.values)
    press = sent.digest(files.marks)
    earlier = FormSubmission.objects.filter(form_link=link, press=press)
    if (found := earlier.first()) is not None:
        return found
    try:
        with transaction.atomic():
            return _submit(link, sent, files, press)
    except _SentAlready:
        return earlier.get()
    except ValidationFailed:
        # Its file may have been taken by the very same, sent a moment ago.
        if (found := earlier.first()) is not None:
            return found
        raise


def accept_submission(*, actor: Actor, submission: FormSubmission) -> FormSubmission:
    """Make a lead of an enquiry that was held, or count it on the lead that it repeats.

    Somebody has decided: the rules of its source do not keep it out, and its place under their caps is counted.

    Raises:
        NotPermitted: the actor does not write all leads. NotVisible: it is gone. Conflict: it is not held any more.
        ValidationFailed: the values do not do for a lead of the line as it is now; by field key.
    """
    with transaction.atomic():
        row = _to_decide(actor, submission)
        link = row.form_link
        with organization_scope(actor.organization, reason=f"{REASON_START}{link.title}"):
            reader = _reader(link)
            known = {item.key for item in askable_items(reader.definition)}
            values = {key: value for key, value in (row.values or {}).items() if key in known}
            files = EnquiryFiles(link, values)
            files.take(row)
            reader.look_up([values])
            try:
                outcome = _record(link, reader, reader.captured(values), files, lets_in=True)
            except AttachmentsFull:
                message = (
                    "The lead that it repeats has as many attachments as it can have. Remove one there first."
                )
                raise Conflict("attachments_full", message) from None
            if outcome.result is Result.REFUSED:
                raise reader.refusal(outcome.problems, values)
            files.put_back()
            left = {key: value for key, value in (row.values or {}).items() if key not in known}
            _settle(row, outcome)
            # What was typed for a field that is gone stands nowhere else.
            row.values = left or row.values
            row.save(update_fields=["outcome", "lead_id", "values"])
    return row


def discard_submission(*, actor: Actor, submission: FormSubmission) -> FormSubmission:
    """Put an enquiry that was held aside. It goes when it is old. Raises: as `accept_submission`."""
    with transaction.atomic(), organization_scope(actor.organization, reason="form enquiry discarded"):
        row = _to_decide(actor, submission)
        row.outcome = SubmissionOutcome.DISCARDED
        row.save(update_fields=["outcome"])
    return row


def count_refusal(*, link: FormLink) -> None:
    """Count that a form turned somebody away for one of its limits, inside its scope."""
    day = timezone.now().astimezone(link.organization.zone).date()
    with connection.cursor() as cursor:
        cursor.execute(COUNT_REFUSAL, [current_organization_id(), link.pk, day])


def seconds_until_open(link: FormLink) -> int:
    """Return how long a form takes no more enquiries because of those of today; 0 where it takes some."""
    if link.daily_cap is None:
        return 0
    now = timezone.now().astimezone(link.organization.zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if FormSubmission.objects.filter(form_link=link, at__gte=midnight).count() < link.daily_cap:
        return 0
    return _seconds_to_tomorrow(now)


def _seconds_to_tomorrow(now: datetime) -> int:
    return 86_400 - (now.hour * 3_600 + now.minute * 60 + now.second)


def _submit(link: FormLink, sent: FilledForm, files: EnquiryFiles, press: str) -> FormSubmission:
    link = _held_link(link)
    if not is_open(link):
        raise FormClosed
    if wait := seconds_until_open(link):
        raise DayIsFull(wait)
    reader = _reader(link)
    files.take()
    reader.look_up([sent.values])
    reader.refuse_closed_fields(sent.values)
    captured = capture(reader.definition, sent.values, reader.context)
    asked = {item.key for item in asked_items(reader.definition, link.field_keys)}
    if any(problem.field in asked for problem in captured.problems):
        shown = [problem for problem in captured.problems if problem.field in asked]
        raise reader.refusal(shown, sent.values)
    row = FormSubmission(
        form_link=link,
        press=press,
        consent=_agreed_to(link, sent),
        address_digest=_digest(link, sent.address),
        suspicions=[*_suspicions(reader, sent), *(f"unasked:{each.field}" for each in captured.problems)],
        # Only what was read and judged: of a field that does not apply, anything may have been sent.
        values=_as_sent(sent, files, captured),
        at=timezone.now(),
    )
    if row.suspicions:
        row.outcome = SubmissionOutcome.HELD
    else:
        try:
            _settle(row, _record(link, reader, captured, files))
        except AttachmentsFull:
            row.outcome, row.suspicions = SubmissionOutcome.HELD, ["attachments_full"]
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise _SentAlready from None
    if row.outcome == SubmissionOutcome.HELD:
        files.hold(row)
    files.put_back()
    return row


def _as_sent(sent: FilledForm, files: EnquiryFiles, captured: Captured) -> dict[str, Any]:
    """The values as they were typed; of a file, what it is."""
    told = {key: value_of(row) for key, row in files.by_key.items()}
    return {key: told.get(key, value) for key, value in sent.values.items() if key in captured.data}


def _held_link(link: FormLink) -> FormLink:
    """The form as it is now. One with a cap lets one enquiry after another in, so that none is one too many."""
    rows = FormLink.objects.select_related("line", "organization")
    if link.daily_cap is not None:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found = rows.filter(pk=link.pk).first()
    if found is None:
        raise FormClosed
    return found


def _reader(link: FormLink) -> EnquiryReader:
    line = pin_line(link.line_id)
    reader = EnquiryReader(form_actor(link), line)
    reader.require_open()
    return reader


def _record(
    link: FormLink, reader: EnquiryReader, captured: Captured, files: EnquiryFiles, *, lets_in: bool = False
) -> Outcome:
    """Write a lead; of one that is there already, the enquiry is counted, its files are attached, and nothing changed.

    Also where the line says to update: whoever knows a phone number must not write into that person's lead.
    Raises AttachmentsFull; then nothing is counted.
    """
    recorder = Recorder(reader.line, reader.definition, lets_in=lets_in)
    columns = _columns(link)
    enquiry = Enquiry(captured.data, captured.compare, columns, by_rule="owner_id" not in columns)
    outcome = recorder.record([enquiry])[0]
    if outcome.result is Result.REFUSED and outcome.refused_by is None:
        outcome = _same_lead(recorder, captured) or outcome
    if outcome.created is not None:
        attach_field_files(reader.actor, reader.definition, outcome.created.id, captured.data)
    if outcome.result is Result.REPEAT:
        assert outcome.repeats_lead_id is not None
        files.attach(outcome.repeats_lead_id, reader.definition, captured.data)
        count_repeats({outcome.repeats_lead_id: 1})
    return outcome


def _same_lead(recorder: Recorder, captured: Captured) -> Outcome | None:
    """A repeat, where one lead holds what tells repeats and all that is unique of the enquiry as well."""
    keys = recorder.keys.keys(captured.data)
    if not recorder.keys.tells_repeats:
        return None
    holders = recorder.holders((*keys.match, *keys.unique))
    leads = set(holders.values())
    is_repeat = len(leads) == 1 and any(key in holders for key in keys.match)
    return Outcome(Result.REPEAT, repeats_lead_id=leads.pop()) if is_repeat else None


def _columns(link: FormLink) -> dict[str, Any]:
    """Where the lead comes from and whose it is; somebody who has left since gets none."""
    owner = (
        Membership.objects.filter(pk=link.owner_id, is_active=True).select_related("organization").first()
        if link.owner_id
        else None
    )
    return {
        "source_id": link.source_id,
        "campaign_id": link.campaign_id,
        **({"owner_id": owner.pk, "team_id": team_of(owner)} if owner else {}),
    }


def _settle(row: FormSubmission, outcome: Outcome) -> None:
    """Say of an enquiry what became of it. What a lead holds is not kept twice."""
    match outcome.result:
        case Result.CREATED:
            assert outcome.created is not None
            row.outcome, row.lead_id, row.values = SubmissionOutcome.CREATED, outcome.created.id, None
        case Result.REPEAT:
            row.outcome, row.lead_id = SubmissionOutcome.REPEAT, outcome.repeats_lead_id
        case _:
            # Told to the person, it would say that somebody of that number is known.
            row.outcome = SubmissionOutcome.HELD
            by_source = [outcome.refused_by.reason] if outcome.refused_by else []
            row.suspicions = [*by_source, *(problem.reason for problem in outcome.problems)]


def _suspicions(reader: EnquiryReader, sent: FilledForm) -> list[str]:
    """Why an enquiry looks like a machine's."""
    items = reader.definition.by_key
    texts = (
        value
        for key, value in sent.values.items()
        if isinstance(value, str) and items[key].type is not FieldKind.URL
    )
    links = sum(len(LINK.findall(text)) for text in texts)
    return [*(["trap"] if sent.is_trapped else []), *(["links"] if links > MOST_LINKS else [])]


def _agreed_to(link: FormLink, sent: FilledForm) -> ConsentText | None:
    if not sent.consent_number:
        return None
    return ConsentText.objects.filter(form_link=link, number=sent.consent_number).first()


def _digest(link: FormLink, address: str) -> str:
    if not address:
        return ""
    said = f"{link.organization_id}:{address}"
    return salted_hmac("leads.form_address", said, algorithm="sha256").hexdigest()


def _to_decide(actor: Actor, submission: FormSubmission) -> FormSubmission:
    if not may_decide(actor):
        raise NotPermitted
    rows = FormSubmission.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("form_link__line", "form_link__organization").filter(pk=submission.pk).first()
    if row is None:
        raise NotVisible
    if row.outcome != SubmissionOutcome.HELD:
        raise Conflict("not_held", "Somebody has decided about this enquiry already.")
    return row
