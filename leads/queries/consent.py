"""Reading whom the organisation may reach: its do-not-call list, and the register of consents of a lead."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.actor import Actor
from accounts.roles import Area
from leads.models import (
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


def submissions_of(lead: Lead) -> list[FormSubmission]:
    """Return the enquiries through forms that became this lead or that it repeats, which the actor has been let see:
    the one that made it, and those with a consent."""
    rows = FormSubmission.objects.filter(
        lead_id=lead.pk, outcome__in=[SubmissionOutcome.CREATED, SubmissionOutcome.REPEAT]
    )
    found = rows.select_related("form_link", "consent").order_by("-at", "-pk")[:MOST_ENTRIES]
    return list(found)


def lead_contact(lead: Lead, submissions: Iterable[FormSubmission]) -> Contact:
    """Return the register of a lead that the actor may see, with those of its enquiries: one query."""
    listed = DoNotCall.objects.filter(phone=OuterRef("phone")).exclude(phone="").values("reason")[:1]
    rows = list(
        Lead.objects.filter(pk=lead.pk)
        .annotate(listed=Subquery(listed))
        .order_by("-consents__at", "-consents__pk")
        .values_list(
            "listed",
            "consents__purpose",
            "consents__channel",
            "consents__state",
            "consents__at",
            "consents__wording",
            "consents__door",
            "consents__by__name",
            "consents__by__user__email",
        )[:MOST_ENTRIES]
    )
    entries = [
        ConsentEntry(purpose, channel, state, at, wording, door, by=name or email)
        for _listed, purpose, channel, state, at, wording, door, name, email in rows
        if at is not None
    ]
    entries += [_of_form(each) for each in submissions if each.consent is not None]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    reason = rows[0][0] if rows else None
    return Contact(entries, reason is not None, reason or "")


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
