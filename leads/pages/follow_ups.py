"""Follow-ups: planned on the lead's page; done, reopened and postponed there and on Today by one press."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import ValidationFailed
from leads.due_times import POSTPONEMENTS
from leads.models import FollowUp, Lead
from leads.pages.imports.presenting import actor_of
from leads.pages.notes import happened
from leads.pages.today import today_part
from leads.pages.views import lead_page
from leads.pages.work_forms import FollowUpForm, show_refusal
from leads.presentation import LeadReader
from leads.queries.follow_ups import get_follow_up
from leads.queries.leads import get_lead, may_change
from leads.services.follow_ups import change_follow_up, plan_follow_up, withdraw_follow_up


@require_POST
def follow_up_new(request: HttpRequest, reference: str) -> HttpResponse:
    """Plan a follow-up; what is wrong is told where it was typed."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = FollowUpForm(request.POST, actor=actor, lead=lead, may_give=may_change(actor, lead, "assign"))
    if form.is_valid():
        try:
            plan_follow_up(actor=actor, reference=reference, **form.cleaned_data)
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Planned."))
            return redirect(happened(reference))
    return lead_page(request, lead, follow_up_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up_edit(request: HttpRequest, reference: str, follow_up_id: int) -> HttpResponse:
    """Change what is to be done, when and by whom."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    follow_up = get_follow_up(lead, follow_up_id)
    # Who gets a lead that is nobody's gets its follow-ups: until then there is nobody to choose.
    may_give = follow_up.assignee_id is not None and may_change(actor, lead, "assign")
    form = FollowUpForm(request.POST or None, actor=actor, lead=lead, follow_up=follow_up, may_give=may_give)
    if request.method == "POST" and form.is_valid():
        try:
            # What was left alone stays as it is: also a time that has passed.
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            _change(request, reference, follow_up_id, changes)
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(happened(reference))
    return _follow_up_page(request, lead, follow_up, form)


@require_POST
def follow_up_done(request: HttpRequest, reference: str, follow_up_id: int) -> HttpResponse:
    """Say that it is done."""
    _change(request, reference, follow_up_id, {"done": True})
    return _back(request, reference, _("Done."))


@require_POST
def follow_up_reopen(request: HttpRequest, reference: str, follow_up_id: int) -> HttpResponse:
    """Say that it is to be done after all."""
    _change(request, reference, follow_up_id, {"done": False})
    return _back(request, reference, _("Open again."))


@require_POST
def follow_up_postpone(request: HttpRequest, reference: str, follow_up_id: int) -> HttpResponse:
    """Put it off: `to` tomorrow or next week, else to the time in `due_at`."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    follow_up = get_follow_up(lead, follow_up_id)
    postponed = POSTPONEMENTS.get(request.POST.get("to", ""))
    if postponed is not None:
        due_at = postponed(follow_up.due_at, timezone.now(), actor.organization.zone)
        _change(request, reference, follow_up_id, {"due_at": due_at})
        return _back(request, reference, _("Postponed."))
    # What is wrong with a time of one's own is put right on the page that has all of the follow-up.
    shown = LeadReader(actor).sentence(lead, follow_up.what)
    typed = {"what": shown, "due_at": request.POST.get("due_at", "")}
    form = FollowUpForm(typed, actor=actor, lead=lead, follow_up=follow_up)
    if form.is_valid():
        try:
            _change(request, reference, follow_up_id, {"due_at": form.cleaned_data["due_at"]})
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            return _back(request, reference, _("Postponed."))
    return _follow_up_page(request, lead, follow_up, form)


@require_POST
def follow_up_withdraw(request: HttpRequest, reference: str, follow_up_id: int) -> HttpResponse:
    """Take back what one has planned."""
    withdraw_follow_up(actor=actor_of(request), reference=reference, follow_up_id=follow_up_id)
    messages.success(request, _("The follow-up is withdrawn."))
    return redirect(happened(reference))


def _change(request: HttpRequest, reference: str, follow_up_id: int, changes: dict[str, Any]) -> None:
    change_follow_up(actor=actor_of(request), reference=reference, follow_up_id=follow_up_id, changes=changes)


def _back(request: HttpRequest, reference: str, said: str) -> HttpResponse:
    """Back to where it was pressed; htmx gets the new Today at once."""
    if request.POST.get("from") != "today":
        messages.success(request, said)
        return redirect(happened(reference))
    if request.htmx:  # type: ignore[attr-defined]
        return today_part(request, said)
    messages.success(request, said)
    return redirect("leads:today")


def _follow_up_page(
    request: HttpRequest, lead: Lead, follow_up: FollowUp, form: FollowUpForm
) -> HttpResponse:
    actor = actor_of(request)
    own = actor.membership is not None and follow_up.author_id == actor.membership.pk
    withdraw = reverse("leads:follow_up_withdraw", args=[lead.reference, follow_up.pk])
    context = {
        "form": form,
        "form_url": reverse("leads:follow_up", args=[lead.reference, follow_up.pk]),
        "heading": _("Change a follow-up"),
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "withdraw_url": withdraw if own else "",
        "withdraw_text": _("The follow-up leaves every list, as if it had not been planned."),
    }
    return render(request, "leads/work_form.html", context, status=422 if form.errors else 200)
