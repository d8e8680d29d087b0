"""Calls that make one lead of two, and two of one again."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import Call
from core.api.etags import PreconditionFailed, etag_of
from core.errors import ValidationFailed
from leads.api import merge_documentation as documentation
from leads.api.merge_documentation import MergeBody
from leads.api.views import lead_precondition, shown_lead
from leads.api.work import readable, valid, writable
from leads.models import Lead, LeadMerge
from leads.presentation import LeadReader, member_name
from leads.queries.leads import get_lead
from leads.queries.merges import get_merge, merges_into
from leads.services.merging import UndoResult, merge_leads, undo_merge
from leads.services.merging.choosing import ATTRIBUTES


class LeadMergeView(Call):
    """Merging another lead into this one."""

    @extend_schema(**documentation.MERGE_LEADS)
    def post(self, request: Request, reference: str) -> Response:
        """Merge another lead into this one."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "write")
        # Asked for again, the lead of the address is there still; the other one is not.
        writable(request, reference)
        given = valid(MergeBody(data=request.data))
        lose = given["lose"].upper()
        own = lead_precondition(request, actor, reference)

        def precondition() -> None:
            if own is not None:
                own()
            if "lose_etag" in given and given["lose_etag"].strip() != etag_of(shown_lead(actor, lose)):
                raise PreconditionFailed

        try:
            made = merge_leads(
                actor=actor,
                keep=reference,
                lose=lose,
                choices=given.get("choices", {}),
                precondition=precondition,
            )
        except ValidationFailed as error:
            raise ValidationFailed(error.code, error.message, _placed(error)) from error
        merge = merges_into(made.lead.pk).get(pk=made.merge.pk)
        return Response({**_merge(reference, merge), "lead": shown_lead(actor, reference)})


def _placed(error: ValidationFailed) -> dict[str, Any]:
    """The problems at their places in the body."""
    return {
        name if name == "lose" else f"choices.{name}": problems for name, problems in error.fields.items()
    }


class LeadMergeListView(Call):
    """What became part of a lead."""

    @extend_schema(**documentation.LIST_MERGES)
    def get(self, request: Request, reference: str) -> Response:
        """List the merges into a lead that stand."""
        _actor, lead = readable(request, reference)
        results = [_merge(reference, merge) for merge in merges_into(lead.pk)]
        return Response({"next": None, "previous": None, "results": results})


class MergeUndoView(Call):
    """Taking a merge back."""

    @extend_schema(**documentation.UNDO_MERGE)
    def post(self, request: Request, reference: str, merge_id: str) -> Response:
        """Make two leads of one again."""
        actor, _lead = writable(request, reference)
        get_merge(actor, reference, int(merge_id))
        result = undo_merge(
            actor=actor,
            keep=reference,
            merge_id=int(merge_id),
            precondition=lead_precondition(request, actor, reference),
        )
        return Response({**_merge(reference, result.merge), "stays": _stays(actor, result)})


def _stays(actor: Actor, result: UndoResult) -> list[str]:
    """What stayed edited, by the names that the lead's answer has; what the caller may not know of is left out."""
    lead: Lead = get_lead(actor, result.keep.reference)
    known = {item.key for item in LeadReader(actor).fields(lead)}
    attributes = {column: name for name, columns in ATTRIBUTES.items() for column in columns}
    attributes["team_id"] = "team"
    return list(_named(result.stays, known, attributes))


def _named(names: Iterable[str], fields: set[str], attributes: dict[str, str]) -> Iterable[str]:
    for name in names:
        if name in attributes:
            yield attributes[name]
        elif name in fields:
            yield f"data.{name}"


def _merge(kept: str, merge: LeadMerge) -> dict[str, Any]:
    return {
        "id": merge.pk,
        "kept": kept,
        "merged": merge.lose.reference,
        "by": member_name(merge.by),
        "at": merge.at.isoformat(),
        "undone_at": merge.undone_at.isoformat() if merge.undone_at else None,
    }
