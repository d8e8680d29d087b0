"""The writers of what people choose to be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

from django.core import signing
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.roles import Area
from core.errors import FieldError, NotPermitted, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import organization_scope, system_scope
from leads.models import NotificationKind, NotificationSettings, TellingBy
from leads.services.locking import Precondition

SALT = "leads.digests.stop"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody changes; what is None stays.

    `kinds`: NotificationKind → TellingBy. `hour`: 0 to 23. `timezone`: a name of the IANA database, "" for the
    organisation's.
    """

    kinds: Mapping[str, str] | None = None
    morning: bool | None = None
    hour: int | None = None
    timezone: str | None = None


@transaction.atomic
def choose_notifications(
    *, actor: Actor, choice: Choice, precondition: Precondition | None = None
) -> NotificationSettings:
    """Change how the actor is told. Raises NotPermitted, or ValidationFailed by name."""
    member = _person(actor)
    _check(choice)
    chosen = _locked(member)
    if precondition is not None:
        precondition()
    for kind, by in (choice.kinds or {}).items():
        chosen.mailed = _with(chosen.mailed, kind, by == TellingBy.MAIL)
        chosen.silent = _with(chosen.silent, kind, by == TellingBy.OFF)
    if choice.morning is not None:
        chosen.morning = choice.morning
    if choice.hour is not None:
        chosen.hour = choice.hour
    if choice.timezone is not None:
        chosen.timezone = choice.timezone
    return _store(chosen)


def stop_token(member: Membership) -> str:
    """Return what lets whoever holds it stop a member's mails, and do nothing else."""
    return signing.dumps([member.organization_id, member.pk], salt=SALT)


def member_of_token(token: str) -> Membership:
    """Return whose mails a token stops. Raises NotVisible for one that is none of ours."""
    try:
        organization_id, membership_id = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise NotVisible("This link is incomplete. Copy the whole of it out of the mail.") from None
    with system_scope(reason="mail"):
        organization = Organization.objects.filter(pk=organization_id, is_active=True).first()
        members = Membership.objects.select_related("user", "organization").filter(pk=membership_id)
        member = members.filter(organization=organization, is_active=True).first() if organization else None
    if member is None:
        raise NotVisible("Nobody gets mails by this link any more.")
    return member


def stop_mails(token: str) -> Membership:
    """Send the holder of a token no more mails of the day; what is told in the application stays as it is.

    Raises NotVisible.
    """
    member = member_of_token(token)
    with organization_scope(member.organization, reason="mails stopped by their link"), transaction.atomic():
        chosen = _locked(member)
        chosen.morning, chosen.mailed = False, []
        _store(chosen)
    return member


def _person(actor: Actor) -> Membership:
    actor.require(Area.LEADS, "read")
    if actor.membership is None:
        raise NotPermitted("Only a person chooses how to be told.")
    if actor.is_restricted:
        # A key that may only read must not silence its owner.
        actor.require(Area.LEADS, "write")
    return actor.membership


def _locked(member: Membership) -> NotificationSettings:
    NotificationSettings.objects.bulk_create(
        [NotificationSettings(organization_id=member.organization_id, membership=member)],
        ignore_conflicts=True,
    )
    return NotificationSettings.objects.select_for_update().get(membership=member)


def _store(chosen: NotificationSettings) -> NotificationSettings:
    chosen.changed_at = timezone.now()
    chosen.save(update_fields=["mailed", "silent", "morning", "hour", "timezone", "changed_at"])
    return chosen


def _check(choice: Choice) -> None:
    problems: dict[str, str] = {}
    for kind, by in (choice.kinds or {}).items():
        if kind not in NotificationKind.values:
            problems["kinds"] = f"Choose one of {', '.join(NotificationKind.values)}."
        elif by not in TellingBy.values:
            problems[kind] = f"Choose one of {', '.join(TellingBy.values)}."
    if choice.hour is not None and not 0 <= choice.hour <= 23:
        problems["hour"] = "Choose an hour from 0 to 23."
    if choice.timezone and choice.timezone not in available_timezones():
        problems["timezone"] = "Choose a timezone such as Asia/Kolkata, or none for the organisation's."
    if problems:
        fields = {name: [FieldError("choice", message)] for name, message in problems.items()}
        raise ValidationFailed("invalid", " ".join(problems.values()), fields)


def _with(kinds: list[str], kind: str, is_in: bool) -> list[str]:
    others = [each for each in kinds if each != kind]
    return sorted([*others, kind]) if is_in else others
