"""What one is told: the newest first, opened and marked as read by one press."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import Area
from leads.models import Notification, NotificationKind
from leads.pages.imports.presenting import actor_of, whole_number
from leads.presentation import LeadReader
from leads.queries.notifications import list_notifications
from leads.services.notifying import read_all_notifications, read_notification

ICONS = {
    NotificationKind.MENTION: "note",
    NotificationKind.FOLLOW_UP: "calendar",
    NotificationKind.ASSIGNED: "leads",
    NotificationKind.STALLED: "clock",
}


@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """The page of what one is told."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    page = list_notifications(actor, older_than=request.GET.get("before", ""))
    reader = LeadReader(actor)
    context = {
        "rows": [shown_notification(reader, row) for row in page.rows],
        "has_unread": any(row.read_at is None for row in page.rows),
        "newest": page.rows[0].pk if page.rows else 0,
        "older_url": f"?before={page.older}" if page.older else "",
        "leads_url": reverse("leads:list"),
    }
    return render(request, "leads/notifications.html", context)


@require_POST
def notification_open(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go to its lead."""
    found = read_notification(actor=actor_of(request), notification_id=notification_id)
    return redirect("leads:detail", found.lead.reference)


@require_POST
def notification_read(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and stay."""
    read_notification(actor=actor_of(request), notification_id=notification_id)
    return redirect("leads:today" if request.POST.get("from") == "today" else "leads:notifications")


@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read that the page has shown or could show below; what has come since stays unread."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    read_all_notifications(actor=actor, up_to=whole_number(request.POST.get("newest", "")))
    messages.success(request, _("All read."))
    return redirect("leads:notifications")


def shown_notification(reader: LeadReader, row: Notification) -> dict[str, Any]:
    """What leads/_notification.html shows of a notification."""
    kind = NotificationKind(row.kind)
    written = row.note.text if row.note else row.follow_up.what if row.follow_up else ""
    return {
        "number": row.pk,
        "icon": ICONS[kind],
        "text": {
            NotificationKind.MENTION: _("mentioned you"),
            NotificationKind.FOLLOW_UP: _("gave you a follow-up"),
            NotificationKind.ASSIGNED: _("gave you this lead"),
            NotificationKind.STALLED: _("found that this lead stalls: nothing happens with it"),
        }[kind],
        "who": str(row.actor) if row.actor else _("System"),
        "lead": reader.attribute(row.lead, "name").text or row.lead.reference,
        "note": reader.sentence(row.lead, written),
        "due": row.follow_up.due_at if row.follow_up else None,
        "at": row.created_at,
        "is_unread": row.read_at is None,
    }
