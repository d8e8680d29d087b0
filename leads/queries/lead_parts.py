"""What the page of a lead shows beside the lead and its story: one statement, each part as its own module reads it."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from core.database.together import CompiledReading
from leads.models import FollowUp, FormSubmission, Lead, LeadAttachment, SubmissionOutcome
from leads.queries.assignments import (
    WhyAssigned,
    WhyWaiting,
    last_assignment,
    told_assignment,
    told_waiting,
    waits_of,
)
from leads.queries.attachments import listed_attachments
from leads.queries.consent import Contact, contact_of, contact_rows
from leads.queries.follow_ups import open_follow_ups_of


@dataclass(frozen=True, slots=True)
class LeadParts:
    """`made_by`: the enquiry through a form that became the lead. `attachments` are for `shown_attachments`."""

    contact: Contact
    made_by: FormSubmission | None
    assigned: WhyAssigned | None
    waits: WhyWaiting | None
    open_follow_ups: list[FollowUp]
    attachments: list[LeadAttachment]


def _rows(lead_id: int, phone: str) -> list[QuerySet[Any]]:
    return [
        *contact_rows(lead_id, phone),
        last_assignment(lead_id),
        waits_of(lead_id),
        open_follow_ups_of(lead_id),
        listed_attachments(lead_id),
    ]


PARTS = CompiledReading(_rows, lead_id=int, phone=str)


def read_parts(lead: Lead, zone: ZoneInfo) -> LeadParts:
    """Return these parts for a lead that the actor may see (`get_lead`); `zone` is the organisation's. One query."""
    found = PARTS(lead_id=lead.pk, phone=lead.phone)
    enquiries, consents, listed, assignments, waits, follow_ups, attachments = found
    return LeadParts(
        contact_of(lead, enquiries, consents, listed),
        next((each for each in enquiries if each.outcome == SubmissionOutcome.CREATED), None),
        told_assignment(lead, assignments),
        told_waiting(lead, waits, zone),
        follow_ups,
        attachments,
    )
