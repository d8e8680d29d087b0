"""The writers of absences: entered by oneself, by one's leader, or by operations."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Absence, Membership
from accounts.queries.calendar import absentees, changeable_absences, deputies_of, get_absence
from accounts.queries.memberships import today
from accounts.services.reporting import lock_members
from core.errors import FieldError, NotPermitted, NotVisible, ValidationFailed
from core.scope import organization_scope

LONGEST_NOTE = 200
LONGEST_DAYS = 731
CHANGEABLE = ("first_day", "last_day", "note", "deputy")


def enter_absence(
    *,
    actor: Actor,
    membership: Membership,
    first_day: dt.date,
    last_day: dt.date,
    note: str = "",
    deputy: Membership | None = None,
) -> Absence:
    """Say that a person is away, both days included: one's own, one's team's, or, for operations, anybody's.

    From then on assignment rules pass over the person on these days.
    Raises NotVisible (nobody whose absences the actor enters), or ValidationFailed by field.
    """
    with transaction.atomic(), organization_scope(actor.organization, reason="absence entered"):
        lock_members(actor.organization)
        if not absentees(actor).filter(pk=membership.pk).exists():
            raise NotVisible
        absence = Absence(
            membership=membership,
            first_day=first_day,
            last_day=last_day,
            note=" ".join(note.split()),
            deputy=deputy,
        )
        _check(actor, absence, deputy_before=None)
        absence.save(force_insert=True)
    return absence


def change_absence(*, actor: Actor, absence_id: int, changes: Mapping[str, Any]) -> Absence:
    """Change what is given of an absence (first_day, last_day, note, deputy); the rest stays.

    Raises NotVisible, NotPermitted (a deputy only reads it), or ValidationFailed by field.
    """
    with transaction.atomic(), organization_scope(actor.organization, reason="absence changed"):
        lock_members(actor.organization)
        absence = _held(actor, absence_id)
        before = {name: getattr(absence, name) for name in CHANGEABLE}
        for name, value in changes.items():
            if name not in CHANGEABLE:
                raise TypeError(f"An absence has no {name}.")
            setattr(absence, name, " ".join(value.split()) if name == "note" else value)
        if before != {name: getattr(absence, name) for name in CHANGEABLE}:
            _check(actor, absence, deputy_before=before["deputy"])
            absence.save()
    return absence


def withdraw_absence(*, actor: Actor, absence_id: int) -> None:
    """Take an absence back: it was not to be. History keeps it. Raises NotVisible, NotPermitted."""
    with transaction.atomic(), organization_scope(actor.organization, reason="absence taken back"):
        lock_members(actor.organization)
        absence = _held(actor, absence_id)
        absence.deleted_at = timezone.now()
        absence.save(update_fields=["deleted_at"])


def _held(actor: Actor, absence_id: int) -> Absence:
    get_absence(actor, absence_id)
    absence = changeable_absences(actor).filter(pk=absence_id).first()
    if absence is None:
        raise NotPermitted("The person, their leader or operations change this.")
    return absence


def _check(actor: Actor, absence: Absence, *, deputy_before: Membership | None) -> None:
    errors: dict[str, list[FieldError]] = {}
    if absence.last_day < absence.first_day:
        errors["last_day"] = [FieldError("order", "The last day lies before the first.")]
    elif (absence.last_day - absence.first_day).days >= LONGEST_DAYS:
        errors["last_day"] = [FieldError("max", f"An absence has at most {LONGEST_DAYS} days.")]
    elif abs((absence.first_day - today(actor.organization)).days) > LONGEST_DAYS:
        errors["first_day"] = [FieldError("range", "This day is years away. Is the year right?")]
    else:
        others = Absence.objects.filter(
            membership=absence.membership_id,
            first_day__lte=absence.last_day,
            last_day__gte=absence.first_day,
        )
        if (other := others.exclude(pk=absence.pk).first()) is not None:
            days = f"{other.first_day:%d %b %Y} to {other.last_day:%d %b %Y}"
            message = f"An absence from {days} is there already. Change that one."
            errors["first_day"] = [FieldError("overlap", message)]
    if len(absence.note) > LONGEST_NOTE:
        errors["note"] = [FieldError("max_length", f"A note has at most {LONGEST_NOTE} characters.")]
    # Who was the deputy may stay so, whoever may be named now.
    deputy = absence.deputy if absence.deputy != deputy_before else None
    if deputy is not None and not deputies_of(actor, absence.membership).filter(pk=deputy.pk).exists():
        message = "Choose a colleague of the same team, or its leader."
        errors["deputy"] = [FieldError("choice", message)]
    if errors:
        raise ValidationFailed("invalid_absence", "The absence needs corrections.", errors)
