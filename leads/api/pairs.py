"""Calls about pairs of leads that may be the same."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import Call
from core.api.paging import page_address, page_size
from core.errors import FieldError, ValidationFailed
from leads.api import merge_documentation as documentation
from leads.api.merge_documentation import PairDecisionBody
from leads.api.work import valid
from leads.models import BusinessLine, DuplicatePair, PairDecision
from leads.presentation import LeadReader
from leads.queries.duplicate_pairs import (
    LIKELIEST,
    decided_pairs,
    get_pair,
    open_pairs,
    page_of_pairs,
    told_reasons,
)
from leads.services.pairing import decide_pair


class PairListView(Call):
    """Pairs that may be the same."""

    @extend_schema(**documentation.LIST_PAIRS)
    def get(self, request: Request) -> Response:
        """List pairs of leads that may be the same."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "write")
        asked = request.query_params
        decision = asked.get("decision", PairDecision.OPEN)
        if decision not in PairDecision.values:
            message = f"Choose one of {', '.join(PairDecision.values)}."
            raise ValidationFailed("invalid", message, {"decision": [FieldError("choice", message)]})
        pairs = open_pairs(actor) if decision == PairDecision.OPEN else decided_pairs(actor)
        if code := asked.get("line", "").replace("\0", ""):
            pairs = pairs.filter(line__in=BusinessLine.everything.filter(code=code).values("pk"))
        page = page_of_pairs(
            pairs,
            order=asked.get("order", LIKELIEST),
            cursor=asked.get("cursor", ""),
            limit=page_size(request),
        )
        reader = LeadReader(actor)
        reader.look_ahead([lead for pair in page.pairs for lead in (pair.first, pair.second)])
        return Response(
            {
                "next": page_address(request, page.older),
                "previous": None,
                "results": [_pair(reader, pair) for pair in page.pairs],
            }
        )


class PairDecideView(Call):
    """Deciding about a pair."""

    @extend_schema(**documentation.DECIDE_PAIR)
    def post(self, request: Request, pair_id: str) -> Response:
        """Say of a pair that it is not the same, or open again."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "write")
        get_pair(actor, int(pair_id))
        decision = valid(PairDecisionBody(data=request.data))["decision"]
        pair = decide_pair(actor=actor, pair_id=int(pair_id), decision=decision)
        return Response(_pair(LeadReader(actor), pair))


def _pair(reader: LeadReader, pair: DuplicatePair) -> dict[str, Any]:
    return {
        "id": pair.pk,
        "line": pair.line.code,
        "score": pair.score,
        "reasons": told_reasons(reader, pair),
        "decision": pair.decision,
        "found_at": pair.found_at.isoformat(),
        "first": reader.payload(pair.first),
        "second": reader.payload(pair.second),
    }
