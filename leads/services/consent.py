"""The writers of whom the organisation may reach: its do-not-call list, and what people agree to."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import Conflict, FieldError, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope
from core.values.phones import phone as read_phone
from core.values.results import Refused
from leads.models import Consent, ConsentChannel, ConsentState, DoNotCall
from leads.services.locking import locked_lead
from leads.services.texts import written_text

LONGEST_REASON = 500
LONGEST_PURPOSE = 200
LONGEST_WORDING = 2_000


def list_number(*, actor: Actor, phone: str, reason: str) -> DoNotCall:
    """Put a number on the do-not-call list: from now on nobody calls or messages it.

    `phone`: as people write it; without a country code it is of the organisation's country.
    Raises NotPermitted, ValidationFailed about `phone` or `reason`, or Conflict where it is on the list.
    """
    actor.require(Area.CONFIGURATION, "write")
    written = written_text("reason", reason, longest=LONGEST_REASON)
    return _list(actor, _number(actor, phone), written)


@transaction.atomic
def list_lead_number(*, actor: Actor, reference: str, reason: str) -> DoNotCall:
    """Put the number of a lead that the actor may edit on the list, because its person asks for it.

    Raises NotVisible, NotPermitted, ValidationFailed about `reason`, or Conflict: no number, or on the list.
    """
    lead = locked_lead(actor, reference, "write")
    written = written_text("reason", reason, longest=LONGEST_REASON)
    if not lead.phone:
        raise Conflict("not_reachable", "This lead has no phone number. Write it down first.")
    return _list(actor, lead.phone, written)


def change_reason(*, actor: Actor, row: DoNotCall, reason: str) -> DoNotCall:
    """Correct why a number is on the list. Raises NotPermitted, NotVisible, ValidationFailed about `reason`."""
    actor.require(Area.CONFIGURATION, "write")
    written = written_text("reason", reason, longest=LONGEST_REASON)
    with transaction.atomic(), organization_scope(actor.organization, reason="reason corrected"):
        held = _held(row)
        if held.reason != written:
            held.reason = written
            held.save(update_fields=["reason"])
    return held


def release_number(*, actor: Actor, row: DoNotCall) -> None:
    """Take a number off the list; that it was there stays in history. Raises NotPermitted, NotVisible."""
    actor.require(Area.CONFIGURATION, "write")
    with (
        transaction.atomic(),
        organization_scope(actor.organization, reason="taken off the do-not-call list"),
    ):
        held = _held(row)
        held.deleted_at = timezone.now()
        held.save(update_fields=["deleted_at"])


@transaction.atomic
def record_consent(
    *, actor: Actor, reference: str, purpose: str, channel: str, state: str, wording: str, door: str
) -> Consent:
    """Write down that the person of a lead that the actor may edit gave or withdrew a consent.

    `wording`: what was said or signed; may be blank for a withdrawal. `door`: a ConsentDoor.
    Raises NotVisible, NotPermitted, or ValidationFailed about `purpose`, `channel`, `state`, `wording`.
    """
    lead = locked_lead(actor, reference, "write")
    if actor.membership is None:
        raise NotPermitted("Only a person writes down a consent.")
    _check_choice("channel", channel, ConsentChannel.values)
    _check_choice("state", state, ConsentState.values)
    needs_wording = state == ConsentState.GIVEN or wording.strip()
    return Consent.objects.create(
        lead=lead,
        purpose=" ".join(written_text("purpose", purpose, longest=LONGEST_PURPOSE).split()),
        channel=channel,
        state=state,
        wording=written_text("wording", wording, longest=LONGEST_WORDING) if needs_wording else "",
        door=door,
        by=actor.membership,
        at=timezone.now(),
    )


def _list(actor: Actor, phone: str, reason: str) -> DoNotCall:
    row = DoNotCall(organization=actor.organization, phone=phone, reason=reason, by=actor.membership)
    try:
        with (
            transaction.atomic(),
            organization_scope(actor.organization, reason="put on the do-not-call list"),
        ):
            row.save(force_insert=True)
    except IntegrityError:
        message = f"{phone} is on the do-not-call list already."
        raise Conflict("listed", message, {"phone": [FieldError("unique", message)]}) from None
    return row


def _held(row: DoNotCall) -> DoNotCall:
    held = DoNotCall.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    if held is None:
        raise NotVisible
    return held


def _number(actor: Actor, phone: str) -> str:
    read = read_phone(phone, actor.organization.locale.partition("-")[2] or "IN")
    if isinstance(read, Refused) or read.value is None:
        message = "Write a phone number with its country code, such as +919876543210."
        raise ValidationFailed("invalid", message, {"phone": [FieldError("invalid", message)]})
    return read.value


def _check_choice(name: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        message = f"Choose one of: {', '.join(choices)}."
        raise ValidationFailed("invalid", message, {name: [FieldError("choice", message)]})
