"""The page that tells where each value of a lead comes from."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leads.pages.imports.presenting import actor_of
from leads.queries.leads import get_lead
from leads.queries.value_origins import Step, value_origins


@require_safe
def lead_origins(request: HttpRequest, reference: str) -> HttpResponse:
    """Each value with its origin, and what stood there before."""
    actor = actor_of(request)
    lead = get_lead(actor, reference)
    sections: dict[str, list[dict[str, Any]]] = {}
    for each in value_origins(actor, lead):
        first, *rest = map(_shown, each.steps)
        told = {"label": each.label, **first, "earlier": rest, "is_cut": each.is_cut}
        sections.setdefault(each.section or _("Details"), []).append(told)
    context = {
        "reference": reference,
        "sections": [{"title": title, "values": values} for title, values in sections.items()],
        "list_url": f"{reverse('leads:list')}?line={lead.line.code}",
        "lead_url": reverse("leads:detail", args=[reference]),
    }
    return render(request, "leads/origins.html", context)


def _shown(step: Step) -> dict[str, Any]:
    return {
        "value": step.shown.text,
        "is_masked": step.shown.is_masked,
        "at": step.at,
        "actor": step.actor,
        "where": step.where,
        "cell": step.cell,
        "request": step.request_id,
        "url": reverse("leads:import_detail", args=[step.intake_id]) if step.intake_id else "",
    }
