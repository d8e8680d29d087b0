"""Calls about acceptance rules: what sources take, and how much of their caps is left."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.description import answer
from leads.models import AcceptanceRule
from leads.queries.acceptance import use_of, visible_acceptance_rules

MOST = 1_000
USE = {"cap": 200, "used": 140, "left": 60}
EXAMPLE = {
    "id": 3,
    "source": "Website",
    "line": "loan",
    "name": "Loans from five lakh",
    "active": True,
    "paused": False,
    "condition": {"field": "income", "op": "gte", "value": "500000"},
    "message": "We take loans of people with five lakh or more.",
    "from": "2026-04-01",
    "until": None,
    "day": USE,
    "month": None,
}


class UseSerializer(serializers.Serializer[Any]):
    """How much of a cap is used, in leads."""

    cap = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()


class AcceptanceRuleSerializer(serializers.Serializer[Any]):
    """What a source takes. Every rule of a source and line must say yes."""

    id = serializers.IntegerField()
    source = serializers.CharField()
    line = serializers.CharField(allow_null=True, help_text="Its code; null for all lines together.")
    name = serializers.CharField()
    active = serializers.BooleanField()
    paused = serializers.BooleanField(help_text="The source takes nothing.")
    condition = serializers.JSONField(help_text="In the rule language; null for every lead.")
    message = serializers.CharField(allow_blank=True, help_text="What a sender is told.")
    until = serializers.DateField(allow_null=True)
    day = UseSerializer(allow_null=True, help_text="Null without a cap. Days of the organisation's timezone.")
    month = UseSerializer(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python lets one write."""
        return {**super().get_fields(), "from": serializers.DateField(allow_null=True)}


class AcceptanceRulesSerializer(serializers.Serializer[Any]):
    """All rules, by source."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AcceptanceRuleSerializer(many=True)


class AcceptanceRuleListView(APIView):
    """What sources take."""

    @extend_schema(
        operation_id="list_acceptance_rules",
        summary="What sources take, and how much is left of their caps",
        description=(
            "A lead that a rule refuses is answered with 409 (`source_refused`, `source_closed`), or, where a cap is"
            " used up, with 429 (`source_cap`) and the seconds until there is room again in `Retry-After`."
        ),
        tags=["Sources"],
        responses={
            200: answer(
                AcceptanceRulesSerializer,
                "The rules.",
                {"next": None, "previous": None, "results": [EXAMPLE]},
            )
        },
    )
    def get(self, request: Request) -> Response:
        """List the acceptance rules of all sources."""
        actor = actor_of(request)
        actor.require(Area.CONFIGURATION, "read")
        rules = visible_acceptance_rules(actor)[:MOST]
        return Response({"next": None, "previous": None, "results": [_written(rule) for rule in rules]})


def _written(rule: AcceptanceRule) -> dict[str, Any]:
    return {
        "id": rule.pk,
        "source": rule.source.name,
        "line": rule.line.code if rule.line else None,
        "name": rule.name,
        "active": rule.is_active,
        "paused": rule.is_paused,
        "condition": rule.condition,
        "message": rule.message,
        "from": rule.accepts_from.isoformat() if rule.accepts_from else None,
        "until": rule.accepts_until.isoformat() if rule.accepts_until else None,
        "day": _use(rule, "day"),
        "month": _use(rule, "month"),
    }


def _use(rule: AcceptanceRule, period: str) -> dict[str, int] | None:
    use = use_of(rule, period)
    return {"cap": use.cap, "used": use.used, "left": use.left} if use else None
