"""Whom several members report to, at once."""

from collections.abc import Iterable

from accounts.actor import Actor
from accounts.models import Membership, ReportingLine
from accounts.queries.memberships import today


def managers_of(actor: Actor, members: Iterable[Membership]) -> dict[int, Membership]:
    """Return member id → the manager of today, for members the actor was given by a scoped query. One query."""
    lines = ReportingLine.objects.filter(
        membership__in=[member.pk for member in members], valid__contains=today(actor.organization)
    )
    return {line.membership_id: line.manager for line in lines.select_related("manager__user")}
