"""Leads that may be one: which they are, two of them side by side, and the way back."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actor import Actor
from accounts.roles import Area
from core.errors import ApplicationError, Conflict, FieldError, ValidationFailed
from leads.models import Lead, LeadMerge
from leads.pages.imports.presenting import actor_of
from leads.pages.merged import MERGED
from leads.pages.pair_words import reason_text
from leads.presentation import ATTRIBUTE_LABELS, LeadReader, member_name
from leads.queries.duplicate_pairs import pairs_of, told_reasons
from leads.queries.duplicates import Duplicate
from leads.queries.duplicates import lead_duplicates as find_duplicates
from leads.queries.leads import MergedAway, get_lead, is_reference, may_change
from leads.queries.merges import get_merge, hanging_on, merges_into
from leads.queries.tags import tags_of
from leads.services.merging import Seen, lead_state, merge_leads, undo_merge, what_stays
from leads.services.merging.choosing import BOTH, KEEP, LOSE, Choice, MergeChoices

CHOICE = "choice-"
SIDES = (KEEP, LOSE)
# Who comes from the queue of pairs goes back there.
QUEUE = "queue"


@require_safe
def lead_duplicates(request: HttpRequest, reference: str) -> HttpResponse:
    """Which leads share what tells repeats with one, which it has taken in, and where to merge another one."""
    actor = actor_of(request)
    return _duplicates_page(request, actor, get_lead(actor, reference))


def _duplicates_page(
    request: HttpRequest, actor: Actor, lead: Lead, *, given: str = "", error: str = ""
) -> HttpResponse:
    found = find_duplicates(actor, lead)
    reader = LeadReader(actor)
    may_merge = may_change(actor, lead, "write")
    context = {
        **_trail(lead),
        "duplicates": [_duplicate(reader, lead, each, may_merge=may_merge) for each in found.leads],
        "elsewhere": found.elsewhere,
        "alike": _alike(actor, reader, lead, known={each.lead.pk for each in found.leads}),
        "merges": [_merge(reader, lead, merge) for merge in merges_into(lead.pk)],
        "merge_with_url": reverse("leads:merge_with", args=[lead.reference]) if may_merge else "",
        "given": given,
        "error": error,
    }
    return render(request, "leads/duplicates.html", context, status=422 if error else 200)


def _duplicate(reader: LeadReader, lead: Lead, found: Duplicate, *, may_merge: bool) -> dict[str, Any]:
    other = found.lead
    labels = {item.key: item.label for item in reader.fields(lead)}
    may_merge = may_merge and reader.may_edit(other)
    return {
        **lead_head(reader, other),
        "matches": [_match(labels, entry) for entry in found.matches],
        "merge_url": reverse("leads:merge", args=[lead.reference, other.reference]) if may_merge else "",
    }


def _alike(actor: Actor, reader: LeadReader, lead: Lead, *, known: set[int]) -> list[dict[str, Any]]:
    """Leads that may be the same as this one, those left out that are told to be equal already."""
    if not actor.may(Area.LEADS, "write"):
        return []
    told = []
    for pair in pairs_of(actor, lead):
        other = pair.second if pair.first_id == lead.pk else pair.first
        if other.pk not in known:
            told.append(
                {
                    **lead_head(reader, other),
                    "why": [reason_text(reason) for reason in told_reasons(reader, pair)],
                    "merge_url": reverse("leads:merge", args=[lead.reference, other.reference]),
                }
            )
    return told


def _match(labels: dict[str, str], entry: str) -> str:
    names = [name.strip() for name in entry.split("+")]
    return " + ".join(labels.get(name) or str(ATTRIBUTE_LABELS.get(name, name)) for name in names)


def _merge(reader: LeadReader, lead: Lead, merge: LeadMerge) -> dict[str, Any]:
    return {
        "lose": merge.lose.reference,
        "by": member_name(merge.by),
        "at": merge.at,
        "undo_url": reverse("leads:merge_undo", args=[lead.reference, merge.pk])
        if reader.may_edit(lead)
        else "",
    }


def lead_head(reader: LeadReader, lead: Lead) -> dict[str, Any]:
    """What tells one lead from another."""
    return {
        "reference": lead.reference,
        "url": reverse("leads:detail", args=[lead.reference]),
        "name": reader.attribute(lead, "name").text or lead.reference,
        "owner": reader.attribute(lead, "owner").text,
        "status": reader.attribute(lead, "status").text,
        "status_value": lead.status,
        "phone": reader.attribute(lead, "phone").text,
        "email": reader.attribute(lead, "email").text,
        "city": reader.attribute(lead, "city").text,
        "created": lead.created_at,
    }


def _trail(lead: Lead) -> dict[str, Any]:
    return {
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "duplicates_url": reverse("leads:duplicates", args=[lead.reference]),
    }


@require_safe
def lead_merge_with(request: HttpRequest, reference: str) -> HttpResponse:
    """Go on to compare a lead with another one that somebody names by its reference."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    given = request.GET.get("other", "").strip().upper()[:20]
    try:
        if not is_reference(given) or given == lead.reference:
            error = _("Write the reference of another lead, such as L00000042.")
            return _duplicates_page(request, actor, lead, given=given, error=error)
        get_lead(actor, given, verb="write")
    except ApplicationError as error:
        return _duplicates_page(request, actor, lead, given=given, error=error.message)
    return redirect("leads:merge", lead.reference, given)


@require_http_methods(["GET", "HEAD", "POST"])
def lead_merge(request: HttpRequest, reference: str, other: str) -> HttpResponse:
    """Two leads side by side: choose what stands, then make them one."""
    actor = actor_of(request)
    try:
        if request.method == "POST":
            return _merge_posted(request, actor, reference, other)
        return _compare_page(request, actor, reference, other)
    except MergedAway as led:
        # Somebody was faster.
        messages.info(request, led.message)
        return redirect("leads:detail", led.kept)


def _merge_posted(request: HttpRequest, actor: Actor, reference: str, other: str) -> HttpResponse:
    given = {
        name.removeprefix(CHOICE): side for name, side in request.POST.items() if name.startswith(CHOICE)
    }
    seen = Seen(
        {
            each: request.POST[f"seen-{side}"]
            for each, side in ((reference, KEEP), (other, LOSE))
            if request.POST.get(f"seen-{side}")
        }
    )
    try:
        made = merge_leads(actor=actor, keep=reference, lose=other, choices=given, seen=seen)
    except (ValidationFailed, Conflict) as error:
        return _compare_page(request, actor, reference, other, given=given, error=error)
    page = (
        reverse("leads:duplicate_queue")
        if request.GET.get("from") == QUEUE
        else reverse("leads:detail", args=[reference])
    )
    return redirect(f"{page}?{MERGED}={made.merge.pk}")


def _compare_page(
    request: HttpRequest,
    actor: Actor,
    reference: str,
    other: str,
    *,
    given: dict[str, str] | None = None,
    error: ApplicationError | None = None,
) -> HttpResponse:
    keep, lose = (get_lead(actor, each, verb="write") for each in (reference, other))
    problem = error
    if keep == lose:
        return redirect("leads:duplicates", reference)
    if keep.line_id != lose.line_id:
        problem = Conflict(
            "other_line", _("Leads of two business lines are not merged: their fields differ.")
        )
    choices = MergeChoices(actor, keep, lose)
    choices.reader.look_ahead([keep, lose])
    rows = _rows(choices, given or {}, error.fields if error else {}) if keep.line_id == lose.line_id else []
    context = {
        **_trail(keep),
        "keep": {**lead_head(choices.reader, keep), "state": lead_state(keep)},
        "lose": {**lead_head(choices.reader, lose), "state": lead_state(lose)},
        "rows": rows,
        "equal": [
            _equal(choices.reader, keep, item) for item in choices.equal_fields() if item.key in keep.data
        ],
        "hanging": hanging_on(lose),
        "problem": problem.message if problem else "",
        "may_merge": keep.line_id == lose.line_id,
        "swap_url": reverse("leads:merge", args=[lose.reference, keep.reference])
        + ("?from=queue" if request.GET.get("from") == QUEUE else ""),
    }
    # What was chosen and does not go is answered as any form that needs a correction.
    status = 422 if isinstance(problem, ValidationFailed) else problem.status if problem else 200
    return render(request, "leads/merge.html", context, status=status)


def _rows(
    choices: MergeChoices, given: dict[str, str], errors: dict[str, list[FieldError]]
) -> Iterable[dict[str, Any]]:
    """What is chosen, each with the values of both leads and which of them is preset."""
    rows = [_row(choices, choice, given) for choice in choices.differing()]
    tags = {
        side: ", ".join(tags_of(lead)) for side, lead in zip(SIDES, (choices.keep, choices.lose), strict=True)
    }
    if tags[KEEP] != tags[LOSE]:
        rows.append(
            {
                "name": "tags",
                "label": _("Tags"),
                "chosen": given.get("tags", BOTH),
                "keep": tags[KEEP],
                "lose": tags[LOSE],
                "has_both": True,
            }
        )
    for row in rows:
        row["errors"] = [problem.message for problem in errors.get(row["name"], ())]
    return rows


def _row(choices: MergeChoices, choice: Choice, given: dict[str, str]) -> dict[str, Any]:
    reader, item = choices.reader, choice.item
    texts = [
        reader.field(lead, item).text if item else reader.attribute(lead, choice.name).text
        for lead in (choices.keep, choices.lose)
    ]
    return {
        "name": choice.name,
        "label": item.label if item else str(ATTRIBUTE_LABELS[choice.name]),
        "chosen": given.get(choice.name, choice.preset),
        "keep": texts[0],
        "lose": texts[1],
        "has_both": False,
    }


def _equal(reader: LeadReader, lead: Lead, item: Any) -> dict[str, Any]:
    return {"label": item.label, "value": reader.field(lead, item).text, "kind": ""}


@require_http_methods(["GET", "HEAD", "POST"])
def merge_undo(request: HttpRequest, reference: str, merge_id: int) -> HttpResponse:
    """Make two leads of one again, after a look at what stays as it was edited since."""
    actor = actor_of(request)
    keep = get_lead(actor, reference, verb="write")
    merge = get_merge(actor, reference, merge_id)
    problem = None
    if request.method == "POST":
        try:
            result = undo_merge(actor=actor, keep=reference, merge_id=merge_id)
        except Conflict as error:
            problem = error
        else:
            told = {"lose": result.lose.reference, "keep": reference}
            messages.success(request, _("%(lose)s and %(keep)s are two leads again.") % told)
            return redirect("leads:detail", reference)
    context = {
        **_trail(keep),
        "lose": merge.lose.reference,
        "at": merge.at,
        "is_undone": merge.undone_at is not None,
        "stays": _labels(actor, keep, what_stays(merge)) if merge.undone_at is None else [],
        "problem": problem.message if problem else "",
    }
    return render(request, "leads/merge_undo.html", context, status=problem.status if problem else 200)


def _labels(actor: Actor, lead: Lead, names: Iterable[str]) -> list[str]:
    """How people call fields and columns; those that the actor may not know of are left out."""
    labels = {item.key: item.label for item in LeadReader(actor).fields(lead)}
    labels |= {f"{name}_id": str(label) for name, label in ATTRIBUTE_LABELS.items()}
    labels |= {name: str(ATTRIBUTE_LABELS[name]) for name in ("status", "stage")}
    return [labels[name] for name in names if name in labels]
