"""The writers of how many leads a person gets on a day by all rules together."""

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area
from accounts.services.reporting import lock_members
from core.errors import FieldError, NotVisible, ValidationFailed
from core.scope import organization_scope
from leads.models import AssignmentLimit, WaitingLead
from leads.services.assigning.rules import LARGEST_CAP, look_again


def set_limit(*, actor: Actor, membership: Membership, daily_cap: int) -> AssignmentLimit:
    """Let a person get so many leads a day (of the organisation) by all rules of all lines, and no more.

    What was given before a person had a limit is not counted. Raises NotPermitted, or ValidationFailed by field.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="daily limit set"):
        lock_members(actor.organization)
        row = AssignmentLimit.objects.filter(membership=membership).first()
        errors = {}
        if not 1 <= daily_cap <= LARGEST_CAP:
            message = f"Write a whole number from 1 to {LARGEST_CAP}."
            errors["daily_cap"] = [FieldError("range", message)]
        if row is None and not assignable_members(actor).filter(pk=membership.pk).exists():
            errors["membership"] = [FieldError("choice", "Choose somebody who works leads here.")]
        if errors:
            raise ValidationFailed("invalid_limit", "The daily limit needs corrections.", errors)
        if row is None:
            row = AssignmentLimit.objects.create(membership=membership, daily_cap=daily_cap)
        elif row.daily_cap != daily_cap:
            row.daily_cap = daily_cap
            row.save(update_fields=["daily_cap"])
        look_again(WaitingLead.objects.all())
    return row


def drop_limit(*, actor: Actor, row: AssignmentLimit) -> None:
    """Take a limit back: as many as come. Raises NotPermitted, NotVisible."""
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), organization_scope(actor.organization, reason="daily limit taken back"):
        if not AssignmentLimit.objects.filter(pk=row.pk).update(deleted_at=timezone.now()):
            raise NotVisible
        look_again(WaitingLead.objects.all())
