"""Calls and messages: a tap logs one and opens it; how it went is told on the lead's page or on its own."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Conflict, NotPermitted, ValidationFailed
from leads.pages.imports.presenting import actor_of
from leads.pages.notes import happened
from leads.pages.work_forms import EngagementForm, show_refusal
from leads.queries.engagements import get_engagement
from leads.queries.leads import get_lead
from leads.services.engagements import start_engagement, tell_outcome


class Reached(HttpResponseRedirect):
    """Leads to an address that the service has made of the lead's own phone or e-mail."""

    allowed_schemes = ["tel", "sms", "mailto", "https"]


@require_POST
def engagement_new(request: HttpRequest, reference: str) -> HttpResponse:
    """Log a call or message and open it; without a way to reach anybody, say what to do."""
    actor = actor_of(request)
    get_lead(actor, reference, verb="write")
    try:
        started = start_engagement(actor=actor, reference=reference, channel=request.POST.get("channel", ""))
    except (Conflict, ValidationFailed) as error:
        messages.error(request, error.message)
        return redirect("leads:detail", reference)
    return Reached(started.address)


@require_http_methods(["GET", "HEAD", "POST"])
def engagement_edit(request: HttpRequest, reference: str, engagement_id: int) -> HttpResponse:
    """Tell how one's own call or message went, and plan the next one."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    engagement = get_engagement(lead, engagement_id)
    if actor.membership is None or engagement.by_id != actor.membership.pk:
        raise NotPermitted("Only who called or wrote tells how it went. Write a note instead.")
    form = EngagementForm(
        request.POST if request.method == "POST" else None,
        zone=actor.organization.zone,
        initial={"outcome": engagement.outcome, "remark": engagement.remark},
    )
    if request.method == "POST" and form.is_valid():
        try:
            told = tell_outcome(
                actor=actor, reference=reference, engagement_id=engagement_id, **form.cleaned_data
            )
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(
                request, _("Noted, and the next one is planned.") if told.follow_up else _("Noted.")
            )
            return redirect(happened(reference))
    context = {
        "form": form,
        "heading": _("How did it go?"),
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "withdraw_url": "",
    }
    return render(request, "leads/work_form.html", context, status=422 if form.errors else 200)
