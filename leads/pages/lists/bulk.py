"""Changing many leads: which ones, what becomes of them, and how it went."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries.members import assignable_members, choice_label
from accounts.roles import Area, Level
from core.errors import ApplicationError, Conflict
from core.services.jobs import cancel_job, pause_job, resume_job
from leads.models import LeadStatus, Undone
from leads.pages.imports.presenting import actor_of
from leads.pages.listing import LeadListing
from leads.pages.views import chosen_line
from leads.presentation import stage_text
from leads.queries.bulk import UNDO, get_bulk_change, leads_changed_since, read_undo
from leads.queries.lead_list import count_leads
from leads.queries.lines import list_usable_lines
from leads.queries.tags import offered_tags
from leads.services.bulk import ASSIGN, AT_ONCE, Change, change_many_leads
from leads.services.undoing import undo_bulk_change

COUNTED = 1_000
NOBODY = "none"
STEERS = {"pause": pause_job, "resume": resume_job, "cancel": cancel_job}


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """What to do with the leads that were picked (`pick`), or with all of the list (`all`)."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "write")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    listing = LeadListing(request, actor, chosen_line(request, lines))
    query = listing.query()
    back = f"{reverse('leads:list')}?{listing.state.address(cursor=None)}"
    is_all = "all" in request.GET and not listing.picked
    if (is_all and listing.problems) or not (is_all or listing.picked):
        # More leads than were asked for must not be changed; the list tells what is wrong.
        if not is_all:
            messages.info(request, _("Pick some leads first."))
        return redirect(back)
    status = 200
    if request.method == "POST":
        try:
            seen = dict(text.split("@", 1) for text in request.GET.getlist("pick") if "@" in text)
            job = change_many_leads(
                actor=actor,
                query=query,
                change=_change(request),
                press=request.POST.get("press", ""),
                as_of=_moment(request.POST.get("as_of", "")),
                seen=seen,
            )
        except ApplicationError as error:
            told = [each.message for problems in error.fields.values() for each in problems]
            messages.error(request, " ".join(told) or error.message)
            status = 422 if error.status == 400 else error.status
        else:
            return redirect(f"{reverse('leads:bulk_detail', args=[job.pk])}?line={listing.line.code}")
    count = count_leads(actor, query, limit=COUNTED)
    may_assign = actor.may(Area.LEADS, "assign")
    context = {
        "count": count,
        "number": count.number,
        "is_all": is_all,
        "is_many": count.number > AT_ONCE,
        "chips": listing.around()["chips"] if is_all else [],
        "search": listing.search if is_all else "",
        "list_url": back,
        "export_url": f"{reverse('leads:export')}?{request.GET.urlencode()}",
        "members": [(each.pk, choice_label(each)) for each in assignable_members(actor)]
        if may_assign
        else [],
        "may_free": actor.level(Area.LEADS, "assign") is Level.ALL,
        "stages": [(stage, stage_text(stage)) for stage in listing.line.stages],
        "statuses": LeadStatus.choices,
        "tags": offered_tags(actor),
        "press": uuid.uuid4().hex,
        "as_of": timezone.now().isoformat(),
        "nobody": NOBODY,
    }
    return render(request, "leads/bulk.html", context, status=status)


def _change(request: HttpRequest) -> Change:
    action, value = request.POST.get("action", ""), request.POST.get("value", "")
    if action != ASSIGN:
        return Change(action, value)
    if value == NOBODY:
        return Change(action, None)
    return Change(action, int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0)


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return timezone.now()
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


@require_safe
def bulk_detail(request: HttpRequest, job_id: int) -> HttpResponse:
    """Show how far a change of one's own is, and once it has ended what became of the leads."""
    actor = actor_of(request)
    job = get_bulk_change(actor, job_id)
    counts = job.result or job.cursor.get("counts") or {}
    line = request.GET.get("line", "")
    asked = f"?line={quote(line)}" if line else ""
    undo = read_undo(job)
    left = leads_changed_since(actor, job) if job.kind == UNDO and counts.get(Undone.CHANGED_SINCE) else []
    context = {
        "job": job,
        "outcome": (undo_words if job.kind == UNDO else outcome_words)(counts) if counts else "",
        "list_url": reverse("leads:list") + asked,
        "steers": [] if job.is_finished else _steers(job),
        "undo_url": reverse("leads:bulk_undo", args=[job.pk]) + asked if undo.is_offered else "",
        "undo_until": undo.until,
        "undone_url": reverse("leads:bulk_detail", args=[undo.job_id]) + asked if undo.job_id else "",
        "left": [(lead.reference, reverse("leads:detail", args=[lead.reference])) for lead in left],
    }
    response = render(request, "leads/bulk_detail.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _steers(job: Any) -> list[dict[str, str]]:
    verbs = [("resume", _("Resume"))] if job.state == "paused" else [("pause", _("Pause"))]
    return [
        {"url": reverse("leads:bulk_steer", args=[job.pk, verb]), "label": label}
        for verb, label in (*verbs, ("cancel", _("Stop")))
    ]


def outcome_words(counts: dict[str, int]) -> str:
    """Return what became of the leads: “412 changed, 3 not allowed, 2 changed meanwhile”."""
    parts = [
        ngettext("%(number)s changed", "%(number)s changed", counts.get("changed", 0))
        % {"number": f"{counts.get('changed', 0):,}"}
    ]
    for name, words in (
        ("unchanged", _("%(number)s were so already")),
        ("not_allowed", _("%(number)s not allowed")),
        ("changed_meanwhile", _("%(number)s changed meanwhile by somebody else")),
        ("gone", _("%(number)s no longer visible to you")),
    ):
        if counts.get(name):
            parts.append(words % {"number": f"{counts[name]:,}"})
    return ", ".join(parts)


def undo_words(counts: dict[str, int]) -> str:
    """Return what became of the leads of a change that is taken back."""
    parts = []
    for fate, words in (
        (Undone.UNDONE, _("%(number)s as they were before")),
        (Undone.CHANGED_SINCE, _("%(number)s changed since, and left as they are")),
        (Undone.NOT_ALLOWED, _("%(number)s not allowed")),
    ):
        if counts.get(fate) or fate == Undone.UNDONE:
            parts.append(words % {"number": f"{counts.get(fate, 0):,}"})
    return ", ".join(parts)


@require_POST
def bulk_undo(request: HttpRequest, job_id: int) -> HttpResponse:
    """Take back a change of one's own."""
    try:
        shown = undo_bulk_change(actor=actor_of(request), job_id=job_id).pk
    except Conflict as error:
        messages.error(request, error.message)
        shown = job_id
    line = request.GET.get("line", "")
    asked = f"?line={quote(line)}" if line else ""
    return redirect(reverse("leads:bulk_detail", args=[shown]) + asked)


@require_POST
def bulk_steer(request: HttpRequest, job_id: int, verb: str) -> HttpResponse:
    """Pause, resume or stop a change of one's own."""
    actor = actor_of(request)
    job = get_bulk_change(actor, job_id)
    if verb not in STEERS:
        raise Http404
    try:
        STEERS[verb](job=job, actor=actor)
    except ApplicationError as error:
        messages.error(request, error.message)
    return redirect("leads:bulk_detail", job.pk)
