"""Calls about lines and leads."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import Call
from core.api.errors import TellingConflict
from core.api.etags import precondition_of, tagged
from core.api.paging import page_address, page_size
from core.errors import NotVisible
from leads.api import documentation
from leads.api.data import problems_of_data, refuse_unknown_fields
from leads.api.filters import read_list_query
from leads.api.line_schema import line_schema
from leads.api.serializers import LeadChange, NewLead
from leads.models import BusinessLine, Lead
from leads.presentation import LeadReader
from leads.queries.history import TimelineEntry, lead_timeline
from leads.queries.lead_list import list_leads
from leads.queries.leads import MergedAway, get_lead, may_change, visible_leads
from leads.queries.lines import get_line, usable_lines, visible_lines
from leads.queries.lines import usable_line as find_usable_line
from leads.services.leads import CreateResult, create_lead, update_lead, withdraw_lead
from leads.services.locking import Precondition

REPEATS_OTHERS = {
    "code": "duplicate",
    "detail": "This lead exists, owned by another team. The enquiry was counted there.",
}


class LineListView(Call):
    """The business lines."""

    @extend_schema(**documentation.LIST_LINES)
    def get(self, request: Request) -> Response:
        """List the lines with which you may work."""
        actor = actor_of(request)
        lines = visible_lines(actor) if actor.may(Area.CONFIGURATION, "read") else usable_lines(actor)
        results = [_line(request, line) for line in lines.order_by("name", "pk")]
        return Response({"next": None, "previous": None, "results": results})


class LineSchemaView(Call):
    """What a line's leads hold."""

    @extend_schema(**documentation.READ_SCHEMA)
    def get(self, request: Request, code: str) -> Response:
        """Describe the `data` of a line's leads as JSON Schema."""
        actor = actor_of(request)
        line = get_line(actor, code)
        return Response(line_schema(actor, line, _address(request, "api:line-schema", code=code)))


class LeadListView(Call):
    """The leads."""

    @extend_schema(**documentation.LIST_LEADS)
    def get(self, request: Request) -> Response:
        """List leads: filtered, searched, ordered, a page at a time."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        page = list_leads(actor, read_list_query(actor, request))
        reader = LeadReader(actor)
        reader.look_ahead(page.rows)
        count = page.count_estimate
        return Response(
            {
                "next": page_address(request, page.next_cursor),
                "previous": page_address(request, page.previous_cursor),
                "results": [reader.payload(lead) for lead in page.rows],
                "count": count.number if count.is_exact else None,
                "count_estimate": count.number,
                "slow": page.slow_notes,
            }
        )

    @extend_schema(**documentation.CREATE_LEAD)
    def post(self, request: Request) -> Response:
        """Write down an enquiry; one that repeats a lead is counted there and answered with 409."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "create")
        body = NewLead(data=request.data)
        body.is_valid(raise_exception=True)
        line = usable_line(actor, body.validated_data["line"])
        body.check_stage(line)
        values = body.validated_data["data"]
        refuse_unknown_fields(actor, line, values)
        with problems_of_data(actor, line):
            result = create_lead(actor=actor, line=line, values=values, attributes=body.attributes)
        if result.lead is None:
            return _answer_repeat(request, actor, line, result)
        return lead_answer(request, actor, result.lead, status.HTTP_201_CREATED)

    def retell(self, request: Request, kept: Any) -> Any:
        """Name the lead that an enquiry repeated to those alone who may still see it."""
        if visible_leads(actor_of(request)).filter(reference=kept["reference"]).exists():
            return kept
        return {**kept, "errors": [{**REPEATS_OTHERS, "attr": None}], "reference": None}


class LeadView(Call):
    """One lead."""

    @extend_schema(**documentation.READ_LEAD)
    def get(self, request: Request, reference: str) -> Response:
        """Read one lead."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        try:
            return tagged(Response(shown_lead(actor, reference)))
        except MergedAway as led:
            place = _address(request, "api:lead-detail", reference=led.kept)
            return Response(
                {"merged_into": led.kept}, status.HTTP_307_TEMPORARY_REDIRECT, headers={"Location": place}
            )

    @extend_schema(**documentation.CHANGE_LEAD)
    def patch(self, request: Request, reference: str) -> Response:
        """Change what is given of a lead; the rest stays."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "write")
        line = get_lead(actor, reference).line
        body = LeadChange(data=request.data)
        body.is_valid(raise_exception=True)
        body.check_stage(line)
        values = body.validated_data.get("data", {})
        refuse_unknown_fields(actor, line, values)
        with problems_of_data(actor, line):
            lead = update_lead(
                actor=actor,
                reference=reference,
                values=values,
                attributes=body.attributes,
                precondition=lead_precondition(request, actor, reference),
            )
        return lead_answer(request, actor, lead)

    @extend_schema(**documentation.WITHDRAW_LEAD)
    def delete(self, request: Request, reference: str) -> Response:
        """Withdraw a lead: it leaves every list, and can be restored."""
        actor = actor_of(request)
        withdraw_lead(
            actor=actor, reference=reference, precondition=lead_precondition(request, actor, reference)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class LeadTimelineView(Call):
    """What happened to a lead."""

    @extend_schema(**documentation.READ_TIMELINE)
    def get(self, request: Request, reference: str) -> Response:
        """Tell what happened to a lead, newest first."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        lead = get_lead(actor, reference)
        cursor = request.query_params.get("cursor", "")
        timeline = lead_timeline(actor, lead, older_than=cursor, limit=page_size(request))
        return Response(
            {
                "next": page_address(request, timeline.older),
                "previous": None,
                "results": [_entry(entry) for entry in timeline.entries],
            }
        )


def shown_lead(actor: Actor, reference: str) -> dict[str, Any]:
    """Return a lead as the actor sees it. Raises NotVisible."""
    return LeadReader(actor).payload(get_lead(actor, reference))


def lead_precondition(request: Request, actor: Actor, reference: str) -> Precondition | None:
    """Return the check that the call's headers ask for before the lead changes; None for none."""
    return precondition_of(request, lambda: shown_lead(actor, reference))


def lead_answer(request: Request, actor: Actor, lead: Lead, code: int = status.HTTP_200_OK) -> Response:
    """Answer with the lead as it stands now; who captures leads without reading them learns the reference."""
    place = "Location" if code == status.HTTP_201_CREATED else "Content-Location"
    headers = {place: _address(request, "api:lead-detail", reference=lead.reference)}
    try:
        shown = shown_lead(actor, lead.reference)
    except NotVisible:
        return Response({"reference": lead.reference}, status=code, headers=headers)
    return tagged(Response(shown, status=code, headers=headers))


def _address(request: Request, name: str, **arguments: str) -> str:
    return request.build_absolute_uri(reverse(name, kwargs=arguments))


def _line(request: Request, line: BusinessLine) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": line.name,
        "currency": line.currency,
        "version": line.version,
        "stages": line.stages,
        "is_active": line.is_active and line.version > 0,
        "schema": _address(request, "api:line-schema", code=line.code),
    }


def usable_line(actor: Actor, code: str) -> BusinessLine:
    """Return the line of a body in which the actor may capture leads. Raises serializers.ValidationError."""
    line = find_usable_line(actor, code)
    if line is None:
        message = "No business line with this code takes leads from you. See /api/v1/lines."
        raise ValidationError({"line": [ErrorDetail(message, code="choice")]})
    return line


def _answer_repeat(request: Request, actor: Actor, line: BusinessLine, result: CreateResult) -> Response:
    """The service has counted the enquiry, or updated the lead, for good: the error takes nothing back."""
    if result.repeats is None:
        raise TellingConflict(REPEATS_OTHERS["code"], REPEATS_OTHERS["detail"], reference=None)
    if line.on_duplicate == "update" and may_change(actor, result.repeats, "write"):
        return lead_answer(request, actor, result.repeats)
    reference = result.repeats.reference
    raise TellingConflict(
        "duplicate", f"This lead exists as {reference}. The enquiry was counted there.", reference=reference
    )


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "text": entry.text,
        "changes": [
            {"name": change.name, "label": change.label, "old": change.old, "new": change.new}
            for change in entry.changes
        ],
        "note": entry.note,
    }
