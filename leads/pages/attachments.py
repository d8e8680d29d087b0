"""Attachments of a lead: attached on its page, renamed and removed on their own, restored by one press."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Conflict, ValidationFailed
from leads.models import Lead, LeadAttachment
from leads.pages.imports.presenting import actor_of
from leads.pages.views import lead_page
from leads.pages.work_forms import AttachmentForm, AttachmentLabelForm, show_refusal
from leads.presentation import LeadReader
from leads.queries.attachments import attachment_label, get_attachment
from leads.queries.leads import get_lead
from leads.services.attachments import attach_file, remove_attachment, rename_attachment, restore_attachment


@require_POST
def attachment_new(request: HttpRequest, reference: str) -> HttpResponse:
    """Attach a file; what is wrong is told where it was chosen."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    form = AttachmentForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            attached = attach_file(
                actor=actor,
                reference=reference,
                kind=given["kind"],
                label=given["label"],
                filename=given["file"].name or "",
                chunks=given["file"].chunks(),
            )
        except (ValidationFailed, Conflict) as error:
            show_refusal(form, error)
        else:
            said = _("Attached.") if attached.is_new else _("This file is attached already.")
            return _after_attaching(request, lead, said)
    return lead_page(request, lead, attachment_form=form)


def _after_attaching(request: HttpRequest, lead: Lead, said: str) -> HttpResponse:
    """Back to the lead; htmx, which takes the part alone out of the page, is told the word apart."""
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, said)
        return redirect(attachments_of(lead.reference))
    response = lead_page(request, lead)
    response["HX-Trigger"] = json.dumps({"toast": {"text": said, "tone": "good"}})
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def attachment_edit(request: HttpRequest, reference: str, attachment_id: int) -> HttpResponse:
    """Call an attachment otherwise."""
    actor = actor_of(request)
    lead = get_lead(actor, reference, verb="write")
    attachment = get_attachment(lead, attachment_id)
    # As its reader sees it: left alone, what is masked in it stays as it was written.
    label = attachment_label(LeadReader(actor), lead, attachment)
    form = AttachmentLabelForm(request.POST or None, initial={"label": label})
    if request.method == "POST" and form.is_valid():
        try:
            if form.has_changed():
                rename_attachment(
                    actor=actor,
                    reference=reference,
                    attachment_id=attachment_id,
                    label=form.cleaned_data["label"],
                )
        except ValidationFailed as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(attachments_of(reference))
    return _attachment_page(request, lead, attachment, form)


def _attachment_page(
    request: HttpRequest, lead: Lead, attachment: LeadAttachment, form: AttachmentLabelForm
) -> HttpResponse:
    context = {
        "form": form,
        "heading": _("Rename an attachment"),
        "reference": lead.reference,
        "lead_url": reverse("leads:detail", args=[lead.reference]),
        "list_url": reverse("leads:list"),
        "withdraw_url": reverse("leads:attachment_remove", args=[lead.reference, attachment.pk]),
        "withdraw_text": _("Its links open nothing any more. It can be restored on the lead’s page."),
    }
    return render(request, "leads/work_form.html", context, status=422 if form.errors else 200)


@require_POST
def attachment_remove(request: HttpRequest, reference: str, attachment_id: int) -> HttpResponse:
    """Take an attachment away."""
    remove_attachment(actor=actor_of(request), reference=reference, attachment_id=attachment_id)
    messages.success(request, _("The attachment is removed."))
    return redirect(attachments_of(reference))


@require_POST
def attachment_restore(request: HttpRequest, reference: str, attachment_id: int) -> HttpResponse:
    """Put back what was taken away."""
    try:
        restore_attachment(actor=actor_of(request), reference=reference, attachment_id=attachment_id)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The attachment is restored."))
    return redirect(attachments_of(reference))


def attachments_of(reference: str) -> str:
    """The address of what is attached to a lead, on its page."""
    return reverse("leads:detail", args=[reference]) + "#attachments"
