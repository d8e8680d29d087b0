"""The writers of the working calendar: the hours of the week, and holidays."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Holiday, Membership, WorkingHours
from accounts.roles import Area
from accounts.services.reporting import lock_members
from accounts.working_time import WrongSpan, checked_spans
from core.errors import FieldError, NotVisible, ValidationFailed
from core.scope import organization_scope

LONGEST_NAME = 100
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Spans = Sequence[Sequence[str]]


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
            return WorkingHours.objects.create(membership=membership, week=checked)
        if row.week != checked:
            row.week = checked
            row.save(update_fields=["week"])
    return row


def drop_working_hours(*, actor: Actor, row: WorkingHours) -> None:
    """Take hours back: a person works as everybody does then, an organisation without hours at all times.

    Raises NotPermitted, NotVisible.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="working hours taken back"):
        if not WorkingHours.objects.filter(pk=row.pk).update(deleted_at=timezone.now()):
            raise NotVisible


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
            return Holiday.objects.create(day=day, name=tidy)
        if row.name != tidy:
            row.name = tidy
            row.save(update_fields=["name"])
    return row


def drop_holiday(*, actor: Actor, row: Holiday) -> None:
    """Take a holiday back. Raises NotPermitted, NotVisible."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="holiday taken back"):
        if not Holiday.objects.filter(pk=row.pk).update(deleted_at=timezone.now()):
            raise NotVisible


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
