"""Suggestions for fields that name a member or a lead, as the options of a datalist."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.roles import Area
from leads.pages.imports.presenting import actor_of
from leads.presentation import LeadReader
from leads.queries.lead_list import LeadListQuery, list_leads
from leads.queries.references import member_labels, search_members

MOST = 20
LONGEST = 100


@require_safe
def choose_members(request: HttpRequest) -> HttpResponse:
    """The members whose names have what is typed."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "write")
    members = search_members(actor, _typed(request), limit=MOST)
    labels = member_labels(members)
    return _options(request, [{"value": labels[member.pk], "id": member.pk} for member in members])


@require_safe
def choose_leads(request: HttpRequest) -> HttpResponse:
    """The leads that a search for what is typed finds, by reference."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    page = list_leads(actor, LeadListQuery(search=_typed(request), page_size=MOST))
    reader = LeadReader(actor)
    found = [{"value": lead.reference, "label": reader.attribute(lead, "name").text} for lead in page.rows]
    return _options(request, found)


def _typed(request: HttpRequest) -> str:
    """What stands in the input that asks: its value comes under its own name, which `input` tells."""
    return request.GET.get(request.GET.get("input", ""), "")[:LONGEST].replace("\0", "")


def _options(request: HttpRequest, options: list[dict[str, object]]) -> HttpResponse:
    response = render(request, "leads/_options.html", {"options": options})
    response["Cache-Control"] = "no-store"
    return response
