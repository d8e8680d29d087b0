"""The writers of the working calendar: the hours of the week, and holidays."""

import datetime as dt
from collections.abc import Callable, Sequence

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Holiday, Membership, WorkingHours
from accounts.roles import Area
from accounts.services.reporting import lock_members
from accounts.working_time import WrongSpan, checked_spans
from core.errors import FieldError, NotVisible, ValidationFailed
from core.models import Organization
from core.scope import organization_scope

LONGEST_NAME = 100
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Spans = Sequence[Sequence[str]]
CalendarFollower = Callable[[Actor], None]
_followers: list[CalendarFollower] = []


def register_calendar_follower(follow: CalendarFollower) -> None:
    """Register what follows when the organisation's own hours or holidays change. Called when an app is ready.

    It runs in the transaction of the change, behind `lock_members`, after what is written.
    """
    if follow not in _followers:
        _followers.append(follow)


def calendar_changed(actor: Actor) -> None:
    """Let those know who count by the organisation's calendar."""
    for follow in _followers:
        follow(actor)


def timezone_changed(organization: Organization) -> None:
    """The calendar's hours are those of other clocks now."""
    calendar_changed(Actor.system(organization))


def set_working_hours(
    *, actor: Actor, week: Sequence[Spans], membership: Membership | None = None
) -> WorkingHours:
    """Set the hours of a week, of the organisation or of one person who works at other times.

    `week`: seven lists, Monday first, of pairs of times ("09:30", "18:30"), up to "24:00"; none: a free day.
    Raises NotPermitted, NotVisible, or ValidationFailed by weekday.
    """
    actor.require(Area.CONFIGURATION, "write")
    checked = _checked_week(week)
    with transaction.atomic(), organization_scope(actor.organization, reason="working hours set"):
        lock_members(actor.organization)
        if membership is not None and not Membership.objects.filter(pk=membership.pk).exists():
            raise NotVisible
        row = WorkingHours.objects.filter(membership=membership).first()
        if row is None:
            row = WorkingHours.objects.create(membership=membership, week=checked)
        elif row.week != checked:
            row.week = checked
            row.save(update_fields=["week"])
        else:
            return row
        if membership is None:
            calendar_changed(actor)
    return row


def drop_working_hours(*, actor: Actor, row: WorkingHours) -> None:
    """Take hours back: a person works as everybody does then, an organisation without hours at all times.

    Raises NotPermitted, NotVisible.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="working hours taken back"):
        lock_members(actor.organization)
        if not WorkingHours.objects.filter(pk=row.pk).update(deleted_at=timezone.now()):
            raise NotVisible
        if row.membership_id is None:
            calendar_changed(actor)


def name_holiday(*, actor: Actor, day: dt.date, name: str) -> Holiday:
    """Add a holiday, or give one of that day another name. Raises NotPermitted, or ValidationFailed about `name`."""
    actor.require(Area.CONFIGURATION, "write")
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > LONGEST_NAME:
        message = f"Give it a name of at most {LONGEST_NAME} characters, such as Diwali."
        raise ValidationFailed("invalid_holiday", message, {"name": [FieldError("required", message)]})
    with transaction.atomic(), organization_scope(actor.organization, reason="holiday named"):
        lock_members(actor.organization)
        row = Holiday.objects.filter(day=day).first()
        if row is None:
            row = Holiday.objects.create(day=day, name=tidy)
            calendar_changed(actor)
        elif row.name != tidy:
            row.name = tidy
            row.save(update_fields=["name"])
    return row


def drop_holiday(*, actor: Actor, row: Holiday) -> None:
    """Take a holiday back. Raises NotPermitted, NotVisible."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="holiday taken back"):
        lock_members(actor.organization)
        if not Holiday.objects.filter(pk=row.pk).update(deleted_at=timezone.now()):
            raise NotVisible
        calendar_changed(actor)


def _checked_week(week: Sequence[Spans]) -> list[list[list[str]]]:
    errors: dict[str, list[FieldError]] = {}
    checked = []
    for name, spans in zip(WEEKDAYS, week, strict=True):
        try:
            checked.append(checked_spans(spans))
        except WrongSpan as error:
            errors[name] = [FieldError("invalid", str(error))]
    if not errors and not any(checked):
        errors["monday"] = [FieldError("required", "Write the hours of at least one day.")]
    if errors:
        raise ValidationFailed("invalid_hours", "The working hours need corrections.", errors)
    return checked
