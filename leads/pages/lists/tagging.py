"""The tags of a lead, on its page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import ValidationFailed
from leads.pages.imports.presenting import actor_of
from leads.services.tags import set_lead_tags


@require_POST
def lead_tags(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a lead carry the tags that are typed, between commas."""
    try:
        texts = request.POST.get("tags", "").split(",")
        set_lead_tags(actor=actor_of(request), reference=reference, tags=texts)
    except ValidationFailed as error:
        messages.error(request, " ".join(each.message for each in error.fields.get("tags", [])))
    else:
        messages.success(request, _("Saved."))
    return redirect("leads:detail", reference)
