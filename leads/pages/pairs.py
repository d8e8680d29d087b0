"""The queue of pairs that may be the same: line by line, the likeliest or the newest first, by mouse or by keys."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.actor import Actor
from accounts.roles import Area
from core.jobs.access import reaches_job
from core.models import Job
from leads.models import BusinessLine, DuplicatePair, LeadMerge, PairDecision
from leads.pages.imports.presenting import actor_of
from leads.pages.merged import MERGED
from leads.pages.merging import lead_head
from leads.pages.pair_words import reason_text
from leads.presentation import LeadReader, member_name
from leads.queries.duplicate_pairs import (
    LIKELIEST,
    NEWEST,
    ORDERS,
    decided_pairs,
    open_by_line,
    open_pairs,
    page_of_pairs,
    told_reasons,
)
from leads.queries.merges import visible_merge
from leads.services.pairing import decide_pair, find_pairs, finding_job, last_found

AT_A_TIME = 20
ORDER_LABELS = {LIKELIEST: gettext_lazy("Likeliest"), NEWEST: gettext_lazy("Newest")}


@require_safe
def duplicate_queue(request: HttpRequest) -> HttpResponse:
    """Pairs that wait for a decision, or (`decided`) those that were found not to be the same."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "write")
    counts = open_by_line(actor)
    lines = list(BusinessLine.everything.filter(pk__in=counts).order_by("name", "pk"))
    line = next((each for each in lines if each.code == request.GET.get("line")), None)
    order = request.GET.get("order", LIKELIEST)
    is_decided = bool(request.GET.get("decided"))
    pairs = decided_pairs(actor) if is_decided else open_pairs(actor, line)
    order = NEWEST if is_decided else order if order in ORDERS else LIKELIEST
    page = page_of_pairs(pairs, order=order, cursor=request.GET.get("cursor", ""), limit=AT_A_TIME)
    reader = LeadReader(actor)
    reader.look_ahead([lead for pair in page.pairs for lead in (pair.first, pair.second)])
    asked = {"line": line.code if line else "", "order": order, "decided": "1" if is_decided else ""}
    context = {
        "pairs": [_pair(reader, pair) for pair in page.pairs],
        "is_decided": is_decided,
        "count": sum(counts.values()) if line is None else counts[line.pk],
        "tabs": _tabs(lines, line, counts, is_decided=is_decided),
        "orders": [
            {"label": label, "url": _address({**asked, "order": name}), "is_active": order == name}
            for name, label in ORDER_LABELS.items()
        ],
        "older_url": _address({**asked, "cursor": page.older}) if page.older else "",
        "back": request.get_full_path(),
        "merged": _just_merged(actor, request.GET.get(MERGED, "")),
        **_search(actor),
    }
    return render(request, "leads/duplicate_queue.html", context)


def _address(parameters: dict[str, str]) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return reverse("leads:duplicate_queue") + (f"?{urlencode(given)}" if given else "")


def _tabs(
    lines: list[BusinessLine], current: BusinessLine | None, counts: dict[int, int], *, is_decided: bool
) -> list[dict[str, Any]]:
    every = {"label": _("All lines"), "url": _address({}), "active": current is None and not is_decided}
    tabs = [
        {
            "label": f"{line.name} ({counts[line.pk]})",
            "url": _address({"line": line.code}),
            "active": line == current and not is_decided,
        }
        for line in lines
    ]
    decided = {"label": _("Not the same"), "url": _address({"decided": "1"}), "active": is_decided}
    return [every, *(tabs if len(tabs) > 1 else []), decided]


def _pair(reader: LeadReader, pair: DuplicatePair) -> dict[str, Any]:
    compare = reverse("leads:merge", args=[pair.first.reference, pair.second.reference])
    return {
        "number": pair.pk,
        "line": pair.line.name,
        "score": pair.score,
        "reasons": [reason_text(reason) for reason in told_reasons(reader, pair)],
        "leads": [lead_head(reader, lead) for lead in (pair.first, pair.second)],
        "merge_url": f"{compare}?from=queue",
        "decide_url": reverse("leads:duplicate_decide", args=[pair.pk]),
        "decided_by": member_name(pair.decided_by),
        "decided_at": pair.decided_at,
    }


def _just_merged(actor: Actor, number: str) -> dict[str, Any] | None:
    """The merge from which somebody comes back, while it stands."""
    merge: LeadMerge | None = visible_merge(actor, number)
    if merge is None:
        return None
    return {
        "lose": merge.lose.reference,
        "keep": merge.keep.reference,
        "keep_url": reverse("leads:detail", args=[merge.keep.reference]),
        "undo_url": reverse("leads:merge_undo", args=[merge.keep.reference, merge.pk]),
    }


def _search(actor: Actor) -> dict[str, Any]:
    """The job that looks for pairs, where it runs and how it ended, and where it is started."""
    may_find = actor.may(Area.CONFIGURATION, "write")
    job = finding_job() if may_find else None
    last = last_found() if may_find and job is None else None
    return {
        "job": job,
        "progress_url": reverse("core:job_progress", args=[job.pk]) if job else "",
        "cancel_url": reverse("core:job_cancel", args=[job.pk])
        if job and reaches_job(actor, job, "write")
        else "",
        "find_url": reverse("leads:duplicate_find") if may_find and job is None else "",
        "looked_at": last.finished_at if last else None,
        "too_large": _too_large(last),
    }


def _too_large(last: Job | None) -> int:
    return int((last.result or {}).get("too_large", 0)) if last else 0


@require_POST
def duplicate_decide(request: HttpRequest, pair_id: int) -> HttpResponse:
    """Say of a pair that it is not the same, or that it is open again; back to where it was said."""
    decision = request.POST.get("decision", "")
    pair = decide_pair(actor=actor_of(request), pair_id=pair_id, decision=decision)
    told = {"one": pair.first.reference, "other": pair.second.reference}
    if decision == PairDecision.NOT_THE_SAME:
        messages.success(request, _("%(one)s and %(other)s are not the same: they do not come back.") % told)
    else:
        messages.success(request, _("%(one)s and %(other)s wait for a decision again.") % told)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page of the queue on which somebody was."""
    queue = reverse("leads:duplicate_queue")
    asked = request.POST.get("back", "")
    return asked if asked == queue or asked.startswith(f"{queue}?") else queue


@require_POST
def duplicate_find(request: HttpRequest) -> HttpResponse:
    """Have pairs looked for among all leads."""
    find_pairs(actor=actor_of(request))
    return redirect("leads:duplicate_queue")
