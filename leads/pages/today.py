"""Today: what one has to do, the most urgent first."""

import datetime as dt
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import Area
from core import locale_formats as formats
from leads.models import Lead
from leads.pages.imports.presenting import actor_of
from leads.pages.lead_page import REACHING_POLICY, may_call, shown_follow_up
from leads.pages.notifications import shown_notification
from leads.presentation import LeadReader
from leads.queries.stalling import stalled_since
from leads.queries.today import FIRST, MOST, Part, read_today

TEMPLATE = "leads/today.html"


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """What is overdue, due and coming, who has not been touched, where one was mentioned."""
    actor_of(request).require(Area.LEADS, "write")
    return _page(request)


def today_part(request: HttpRequest, said: str) -> HttpResponse:
    """Today as it is after something was done on it, and a word about that."""
    response = _page(request)
    response["HX-Trigger"] = json.dumps({"toast": {"text": said, "tone": "good"}})
    return response


def _page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    shows_all = (request.GET.get("all") or request.POST.get("all")) == "1"
    now = timezone.now()
    found = read_today(actor, most=MOST if shows_all else FIRST, now=now)
    reader = LeadReader(actor)
    day = now.astimezone(reader.zone).date()

    def group(title: str, part: Part, kind: str, tone: str = "") -> dict[str, Any]:
        rows = [_row(reader, kind, row) for row in part.rows]
        return {
            "title": title,
            "kind": kind,
            "tone": tone,
            "rows": rows,
            "total": part.total,
            "hidden": part.hidden,
        }

    groups = [
        group(_("Overdue"), found.overdue, "follow_up", "bad"),
        group(_("Due today"), found.due, "follow_up", "accent"),
        group(_("Stalled"), found.stalled, "stalled", "warn"),
        group(_("For colleagues who are away"), found.of_absent, "stand_in", "warn"),
        group(_("Mentions"), found.mentions, "mention", "info"),
        group(_("New leads"), found.untouched, "lead", "info"),
        *(group(_day_title(reader, day, part.day), part, "follow_up") for part in found.coming),
        group(_("Later"), found.later, "follow_up"),
        group(_("Done today"), found.done, "follow_up", "good"),
    ]
    coming = sum(part.total for part in found.coming)
    context = {
        "groups": [each for each in groups if each["total"]],
        "is_clear": found.is_clear,
        "counts": [
            {
                "name": _("Overdue"),
                "figure": found.overdue.total,
                "tone": "bad" if found.overdue.total else "",
            },
            {"name": _("Due today"), "figure": found.due.total, "tone": ""},
            {"name": _("Next 7 days"), "figure": coming, "tone": ""},
            {"name": _("New leads"), "figure": found.untouched.total, "tone": ""},
        ],
        "shows_all": shows_all,
        "hides_some": any(each["hidden"] for each in groups),
        "all_url": f"{reverse('leads:today')}?all=1",
        "day": day,
        "new_url": reverse("leads:new") if actor.may(Area.LEADS, "create") else "",
        "leads_url": f"{reverse('leads:list')}?owner=me",
    }
    response = render(request, TEMPLATE, context)
    response["Content-Security-Policy"] = REACHING_POLICY
    patch_vary_headers(response, ["HX-Request"])
    return response


def _row(reader: LeadReader, kind: str, row: Any) -> dict[str, Any]:
    match kind:
        case "follow_up":
            return shown_follow_up(reader, row.lead, row)
        case "stand_in":
            return {**shown_follow_up(reader, row.lead, row), "whom": str(row.assignee)}
        case "mention":
            return shown_notification(reader, row)
        case "stalled":
            return _stalled(reader, row)
    return _untouched(reader, row)


def _untouched(reader: LeadReader, lead: Lead) -> dict[str, Any]:
    return {
        "reference": lead.reference,
        "name": reader.attribute(lead, "name").text or lead.reference,
        "line": lead.line.name,
        "source": reader.attribute(lead, "source").text,
        "may_call": may_call(reader, lead),
        "created": lead.created_at,
    }


def _stalled(reader: LeadReader, lead: Lead) -> dict[str, Any]:
    """A lead with which nothing happens; whose it is, where it is another's."""
    own = reader.actor.membership.pk if reader.actor.membership else None
    owner = "" if lead.owner_id == own else str(lead.owner or _("Nobody yet"))
    return {**_untouched(reader, lead), "since": stalled_since(lead), "owner": owner}


def _day_title(reader: LeadReader, today: dt.date, day: dt.date | None) -> str:
    assert day is not None
    if day - today == dt.timedelta(days=1):
        return _("Tomorrow")
    weekdays = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    )  # fmt: skip
    return f"{weekdays[day.weekday()]}, {formats.format_day(day, reader.locale)}"
