"""The writers of follow-ups: plan, change, withdraw, and hand over with their lead."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from core.errors import FieldError, NotPermitted, ValidationFailed
from leads.models import FollowUp, Lead, NotificationKind
from leads.queries.follow_ups import follow_up_assignees, get_follow_up
from leads.services.locking import Precondition, locked_lead
from leads.services.notifying import notify
from leads.services.stalling.clocks import note_activity
from leads.services.texts import written_text

LONGEST_WHAT = 500
FARTHEST = dt.timedelta(days=5 * 366)
# Clocks differ, and filling in a form takes a while.
LATEST = dt.timedelta(minutes=15)


@transaction.atomic
def plan_follow_up(
    *, actor: Actor, reference: str, what: str, due_at: dt.datetime, assignee: Membership | None = None
) -> FollowUp:
    """Plan something about a lead that the actor may edit, for oneself unless `assignee` says otherwise.

    Args:
        due_at: aware, from now on, at most five years ahead.
        assignee: one of `follow_up_assignees`, who is told.

    Raises NotVisible, NotPermitted, or ValidationFailed about `what`, `due_at`, `assignee`.
    """
    lead = locked_lead(actor, reference, "write")
    if actor.membership is None:
        raise NotPermitted("Only a person plans follow-ups.")
    follow_up = FollowUp(
        lead=lead,
        author=actor.membership,
        assignee=_checked_assignee(actor, lead, assignee) if assignee else actor.membership,
        what=written_text("what", what, longest=LONGEST_WHAT),
        due_at=_checked_due(due_at),
    )
    follow_up.save()
    note_activity(lead)
    _tell_assignee(actor, lead, follow_up)
    return follow_up


@transaction.atomic
def change_follow_up(
    *,
    actor: Actor,
    reference: str,
    follow_up_id: int,
    changes: Mapping[str, Any],
    precondition: Precondition | None = None,
) -> FollowUp:
    """Change a follow-up of a lead that the actor may edit; what is not given stays.

    `changes`: what, due_at, assignee (a Membership), done (a bool). Done twice is done once, by who was first.
    Raises as `plan_follow_up` does.
    """
    lead = locked_lead(actor, reference, "write")
    follow_up = get_follow_up(lead, follow_up_id)
    if precondition is not None:
        precondition()
    assignee_before = follow_up.assignee_id
    if "what" in changes:
        follow_up.what = written_text("what", changes["what"], longest=LONGEST_WHAT)
    if "due_at" in changes and changes["due_at"] != follow_up.due_at:
        follow_up.due_at = _checked_due(changes["due_at"])
    if "assignee" in changes and changes["assignee"].pk != assignee_before:
        follow_up.assignee = _checked_assignee(actor, lead, changes["assignee"])
    if "done" in changes and changes["done"] is not follow_up.is_done:
        follow_up.done_at = timezone.now() if changes["done"] else None
        follow_up.done_by = actor.membership if changes["done"] else None
    follow_up.save()
    note_activity(lead)
    if follow_up.assignee_id != assignee_before:
        _tell_assignee(actor, lead, follow_up)
    return follow_up


@transaction.atomic
def withdraw_follow_up(
    *, actor: Actor, reference: str, follow_up_id: int, precondition: Precondition | None = None
) -> None:
    """Hide a follow-up that the actor planned; its history stays. Raises NotVisible or NotPermitted."""
    lead = locked_lead(actor, reference, "write")
    follow_up = get_follow_up(lead, follow_up_id)
    if actor.membership is None or follow_up.author_id != actor.membership.pk:
        raise NotPermitted("Only who planned a follow-up withdraws it. Mark it as done instead.")
    if precondition is not None:
        precondition()
    follow_up.deleted_at = timezone.now()
    follow_up.save(update_fields=["deleted_at"])


def hand_over_follow_ups(*, lead: Lead, from_id: int | None, to_id: int | None) -> int:
    """Give the open follow-ups that the old owner of a lead had to the new one; return how many.

    For whoever moves the lead, in that transaction. What is others' to do stays theirs. Of a lead that goes to
    nobody they are nobody's, and go to whoever gets it next.
    """
    rows = FollowUp.objects.filter(lead=lead, done_at__isnull=True)
    rows = rows.filter(assignee__isnull=True) if from_id is None else rows.filter(assignee_id=from_id)
    return rows.update(assignee_id=to_id)


def _tell_assignee(actor: Actor, lead: Lead, follow_up: FollowUp) -> None:
    if follow_up.assignee_id is not None:
        notify(
            kind=NotificationKind.FOLLOW_UP,
            lead=lead,
            recipient_ids=[follow_up.assignee_id],
            by=actor.membership,
            follow_up=follow_up,
        )


def _checked_assignee(actor: Actor, lead: Lead, assignee: Membership) -> Membership:
    if actor.membership is not None and assignee.pk == actor.membership.pk:
        return assignee
    found = follow_up_assignees(actor, lead).filter(pk=assignee.pk).first()
    if found is None:
        message = "Choose yourself, or somebody of your team who works this lead."
        raise ValidationFailed("invalid", message, {"assignee": [FieldError("choice", message)]})
    return found


def _checked_due(due_at: dt.datetime) -> dt.datetime:
    now = timezone.now()
    if due_at < now - LATEST:
        raise _wrong_due("min", "This time has passed. Choose one to come.")
    if due_at > now + FARTHEST:
        raise _wrong_due("max", "This is more than five years ahead. Choose a nearer time.")
    return due_at


def _wrong_due(code: str, message: str) -> ValidationFailed:
    return ValidationFailed("invalid", message, {"due_at": [FieldError(code, message)]})
