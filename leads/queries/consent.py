"""Reading whom the organisation may reach: its do-not-call list, and the register of consents of a lead."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.roles import Area
from core.database.together import CompiledReading
from leads.models import (
    Consent,
    ConsentChannel,
    ConsentState,
    DoNotCall,
    FormSubmission,
    Lead,
    SubmissionOutcome,
)

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """What a person said once. `door`: page, api, or form; `form`: the title of the form, `by`: who wrote it down."""

    purpose: str
    channel: str
    state: str
    at: dt.datetime
    wording: str
    door: str
    by: str = ""
    form: str = ""

    @property
    def is_given(self) -> bool:
        """Whether the person agreed."""
        return self.state == ConsentState.GIVEN


@dataclass(frozen=True, slots=True)
class Contact:
    """What is known of reaching a person. `entries`: newest first. `do_not_call`: why the number is on the list."""

    entries: list[ConsentEntry]
    is_listed: bool
    do_not_call: str

    @property
    def standing(self) -> list[ConsentEntry]:
        """What holds now: of each purpose and channel the last. What is said of any way ends what was said before."""
        found: dict[tuple[str, str], ConsentEntry] = {}
        for entry in reversed(self.entries):
            purpose = entry.purpose.casefold()
            if entry.channel == ConsentChannel.ANY:
                found = {key: each for key, each in found.items() if key[0] != purpose}
            found.pop((purpose, entry.channel), None)  # the last word stands last
            found[purpose, entry.channel] = entry
        return list(found.values())


def visible_do_not_call(actor: Actor) -> QuerySet[DoNotCall]:
    """Return the numbers of the list, for who reads the configuration."""
    rows = DoNotCall.objects.select_related("by__user")
    return rows if actor.may(Area.CONFIGURATION, "read") else rows.none()


def is_do_not_call(phone: str) -> bool:
    """Return whether a number (E.164) is on the list of the organisation in force."""
    return bool(phone) and DoNotCall.objects.filter(phone=phone).exists()


def contact_rows(lead_id: int, phone: str) -> list[QuerySet[Any]]:
    """The rows that `contact_of` takes of a lead that the actor has been let see, and of its number: enquiries,
    consents, and why it is not to be called."""
    # Enquiries through forms that became this lead or that it repeats.
    outcomes = [SubmissionOutcome.CREATED, SubmissionOutcome.REPEAT]
    enquiries = FormSubmission.objects.filter(lead_id=lead_id, outcome__in=outcomes)
    enquiries = enquiries.select_related("form_link", "consent").defer("values").order_by("-at", "-pk")
    consents = Consent.objects.filter(lead_id=lead_id).select_related("by__user").order_by("-at", "-pk")
    return [
        enquiries[:MOST_ENTRIES],
        consents[:MOST_ENTRIES],
        DoNotCall.objects.filter(phone=phone).order_by("pk")[:1],
    ]


CONTACT = CompiledReading(contact_rows, lead_id=int, phone=str)


def lead_contact(lead: Lead) -> Contact:
    """Return the register of a lead that the actor may see, with those of its enquiries: one query."""
    return contact_of(lead, *CONTACT(lead_id=lead.pk, phone=lead.phone))


def contact_of(
    lead: Lead,
    enquiries: Iterable[FormSubmission],
    consents: Iterable[Consent],
    listed: Sequence[DoNotCall],
) -> Contact:
    """Return what the rows of `contact_rows` tell."""
    entries = [
        ConsentEntry(row.purpose, row.channel, row.state, row.at, row.wording, row.door, by=str(row.by))
        for row in consents
    ]
    entries += [_of_form(each) for each in enquiries if each.consent is not None]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    is_listed = bool(lead.phone and listed)
    return Contact(entries, is_listed, listed[0].reason if is_listed else "")


def _of_form(submission: FormSubmission) -> ConsentEntry:
    assert submission.consent is not None
    return ConsentEntry(
        submission.consent.purpose,
        ConsentChannel.ANY,
        ConsentState.GIVEN,
        submission.at,
        submission.consent.text,
        "form",
        form=submission.form_link.title,
    )
