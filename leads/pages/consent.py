"""The register of a lead: what its person agreed to, and that nobody is to call."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import ApplicationError, Conflict, ValidationFailed
from leads.models import ConsentDoor, Lead
from leads.pages.imports.presenting import actor_of
from leads.pages.lead_page import consent_facts
from leads.pages.work_forms import ConsentForm, DoNotCallForm, show_refusal
from leads.presentation import LeadReader
from leads.queries.consent import lead_contact
from leads.queries.leads import get_lead, may_change
from leads.services.consent import list_lead_number, record_consent


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, reference: str) -> HttpResponse:
    """All that was said, and where the next word is written down."""
    actor = actor_of(request)
    if request.method != "POST":
        return _register(request, get_lead(actor, reference))
    lead = get_lead(actor, reference, verb="write")
    form = ConsentForm(request.POST)
    if form.is_valid():
        try:
            record_consent(actor=actor, reference=reference, door=ConsentDoor.PAGE, **form.cleaned_data)
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Written down."))
            return redirect("leads:consent", reference)
    return _register(request, lead, consent_form=form)


@require_POST
def do_not_call(request: HttpRequest, reference: str) -> HttpResponse:
    """Put the number of the lead on the do-not-call list."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = DoNotCallForm(request.POST)
    if form.is_valid():
        try:
            list_lead_number(actor=actor, reference=reference, **form.cleaned_data)
        except (ValidationFailed, Conflict) as error:
            _show(form, error)
        else:
            messages.success(request, _("Nobody calls or messages this number any more."))
            return redirect("leads:consent", reference)
    return _register(request, lead, do_not_call_form=form)


def _show(form: DoNotCallForm, error: ApplicationError) -> None:
    """A number that somebody else has listed meanwhile is told above the form, without repeating the number."""
    if isinstance(error, Conflict) and error.code == "listed":
        form.add_error(None, _("This number is on the do-not-call list already."))
    else:
        show_refusal(form, error)


def _register(request: HttpRequest, lead: Lead, **refused: Any) -> HttpResponse:
    actor = actor_of(request)
    reader = LeadReader(actor)
    contact = lead_contact(lead)
    context = {
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "facts": consent_facts(reader, lead, contact.entries),
        "is_do_not_call": contact.is_listed,
        "do_not_call": reader.sentence(lead, contact.do_not_call),
    }
    if may_change(actor, lead, "write"):
        context["consent_form"] = ConsentForm()
        if lead.phone and not contact.is_listed:
            context["do_not_call_form"] = DoNotCallForm()
        context |= refused
    return render(request, "leads/consent.html", context, status=422 if refused else 200)
