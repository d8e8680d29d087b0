"""The sign-ins an actor may see."""

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import LoginLog
from accounts.roles import Area, Level


def visible_login_logs(actor: Actor) -> QuerySet[LoginLog]:
    """Return sign-ins: those of all members for who sees all of them, else the actor's own, the newest first.

    Where somebody signs in from is for administrators and auditors, not for whoever leads a team.
    """
    logs = LoginLog.objects.select_related("membership__user").order_by("-id")
    if actor.level(Area.ACCESS, "read") is Level.ALL:
        return logs
    return logs.filter(membership=actor.membership) if actor.membership else logs.none()


def own_login_logs(actor: Actor, limit: int) -> list[LoginLog]:
    """Return the actor's own latest sign-ins in this organisation."""
    if actor.membership is None:
        return []
    return list(LoginLog.objects.filter(membership=actor.membership).order_by("-id")[:limit])
