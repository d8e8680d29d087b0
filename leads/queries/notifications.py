"""Reading one's own notifications: of leads that one may still see, and of what still stands."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actor import Actor
from core.errors import FieldError, ValidationFailed
from leads.models import Notification
from leads.queries.leads import visible_leads

PAGE = 50
# More unread ones than a person counts.
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """Newest first; `older` is the cursor of the next ones, "" at the end."""

    rows: list[Notification]
    older: str


def visible_notifications(actor: Actor) -> QuerySet[Notification]:
    """Return what the actor is told: nothing of withdrawn notes, or of leads that are not theirs to see."""
    if actor.membership is None:
        return Notification.objects.none()
    return Notification.objects.filter(
        Q(note__isnull=True) | Q(note__deleted_at__isnull=True),
        Q(follow_up__isnull=True) | Q(follow_up__deleted_at__isnull=True),
        Exists(visible_leads(actor).filter(pk=OuterRef("lead_id"))),
        recipient=actor.membership,
    )


def list_notifications(actor: Actor, *, older_than: str = "", limit: int = PAGE) -> NotificationPage:
    """Return a page of what the actor is told. Raises ValidationFailed for a cursor that is none."""
    rows: Any = visible_notifications(actor)
    if older_than:
        rows = rows.filter(pk__lt=_number(older_than))
    rows = with_what_is_told(rows).order_by("-pk")
    found = list(rows[: limit + 1])
    return NotificationPage(found[:limit], str(found[limit - 1].pk) if len(found) > limit else "")


def with_what_is_told(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    """The same rows with the lead, its line, the person and the words loaded."""
    return rows.select_related("lead__line", "actor__user", "note", "follow_up")


def count_unread(actor: Actor) -> str:
    """Return how many are unread as the bar shows it: "" for none, "99+" for many."""
    unread = visible_notifications(actor).filter(read_at__isnull=True).order_by()
    count = unread[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        message = "Start at the newest again: leave the cursor out."
        raise ValidationFailed("invalid_cursor", message, {"cursor": [FieldError("invalid_cursor", message)]})
    return int(cursor)
