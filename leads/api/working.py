"""Calls with which a lead is worked: whose it is, and which others it repeats."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area
from core.api.calls import Call
from core.api.description import PRECONDITIONS, answer, error_answer
from core.api.serializers import Body
from leads.api.documentation import LEAD, LEADS
from leads.api.serializers import LeadSerializer
from leads.api.views import lead_answer, lead_precondition
from leads.api.work_serializers import LARGEST_ID
from leads.models import AssignmentMethod, Lead, WaitingReason
from leads.presentation import LeadReader
from leads.queries.assignments import why_assigned, why_waiting
from leads.queries.duplicates import lead_duplicates
from leads.queries.leads import get_lead
from leads.queries.scores import explain_score
from leads.services.assigning import assign_by_rule
from leads.services.leads import assign_lead


class AssignmentBody(Body):
    """To whom a lead goes."""

    owner = serializers.IntegerField(
        allow_null=True,
        min_value=1,
        max_value=LARGEST_ID,
        required=False,
        help_text="The number of a member whom you may give leads; null takes the lead from everybody.",
    )
    by = serializers.ChoiceField(
        choices=["rule"],
        required=False,
        help_text="Instead of `owner`: `rule` lets the assignment rules of the lead's line decide.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("owner" in attrs) == ("by" in attrs):
            message = "Write either an owner, or by: rule."
            raise ValidationError({"owner": [ErrorDetail(message, code="required")]})
        return attrs


class DuplicateSerializer(serializers.Serializer[Any]):
    """A lead that another repeats."""

    matches = serializers.ListField(
        child=serializers.CharField(), help_text="What is equal: a field, or several joined by `+`."
    )
    lead = LeadSerializer()


class DuplicatesSerializer(serializers.Serializer[Any]):
    """What a lead repeats."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DuplicateSerializer(many=True)
    elsewhere = serializers.BooleanField(help_text="Whether others exist, owned by another team.")


class LeadAssignView(Call):
    """Whose a lead is."""

    @extend_schema(
        operation_id="assign_lead",
        summary="Give a lead to somebody",
        description="To a member within your reach: a team leader gives leads within the own team.",
        tags=LEADS,
        parameters=PRECONDITIONS,
        request=AssignmentBody,
        examples=[
            OpenApiExample("to a colleague", value={"owner": 7}, request_only=True),
            OpenApiExample("by the rules of the line", value={"by": "rule"}, request_only=True),
        ],
        responses={
            200: answer(
                LeadSerializer, "The lead as it is now; its `reference`, if you see it no more.", LEAD
            ),
            400: error_answer(
                "The call is wrong.",
                "choice",
                "Nobody with this number may be given leads by you.",
                "owner",
            ),
        },
    )
    def post(self, request: Request, reference: str) -> Response:
        """Give a lead to a member, or take it from everybody."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "assign")
        get_lead(actor, reference)
        body = AssignmentBody(data=request.data)
        body.is_valid(raise_exception=True)
        precondition = lead_precondition(request, actor, reference)
        if "by" in body.validated_data:
            lead = assign_by_rule(actor=actor, reference=reference, precondition=precondition)
        else:
            lead = assign_lead(
                actor=actor,
                reference=reference,
                owner=_owner(actor, body.validated_data["owner"]),
                precondition=precondition,
            )
        return lead_answer(request, actor, lead)


class AssignmentReasonSerializer(serializers.Serializer[Any]):
    """What a rule decided about a lead."""

    rule = serializers.CharField(help_text="The rule's name at that time.")
    method = serializers.ChoiceField(choices=AssignmentMethod.choices)
    owner = serializers.IntegerField(help_text="The number of the member who got the lead.")
    reason = serializers.CharField(help_text="Why, in a sentence.")
    at = serializers.DateTimeField()
    is_current = serializers.BooleanField(help_text="Whether the lead is still that member's.")


class ScoreReasonSerializer(serializers.Serializer[Any]):
    """A score rule, and whether the lead meets it."""

    rule = serializers.CharField()
    points = serializers.IntegerField()
    condition = serializers.CharField(allow_blank=True, help_text="In words; blank: every lead.")
    is_met = serializers.BooleanField()


class ScoreSerializer(serializers.Serializer[Any]):
    """Why a lead has its score."""

    total = serializers.IntegerField(allow_null=True, help_text="Null where you may not know it.")
    reasons = ScoreReasonSerializer(many=True)
    has_others = serializers.BooleanField(
        help_text="Whether other rules read what you do not see: they and the total are not told then."
    )
    is_current = serializers.BooleanField(
        allow_null=True, help_text="False while it is still by earlier rules; null where you may not know it."
    )


class WaitingSerializer(serializers.Serializer[Any]):
    """That a rule fits a lead which nobody may get yet."""

    rule = serializers.CharField()
    cause = serializers.ChoiceField(choices=WaitingReason.choices)
    reason = serializers.CharField(help_text="Why, in a sentence.")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: until the rules change.")


class WhySerializer(serializers.Serializer[Any]):
    """Why a lead is where it is, and has the score that it has."""

    assignment = AssignmentReasonSerializer(allow_null=True)
    score = ScoreSerializer(allow_null=True)
    waiting = WaitingSerializer(allow_null=True, help_text="What a lead that is nobody's waits for.")


class LeadWhyView(Call):
    """Why a lead is where it is."""

    @extend_schema(
        operation_id="explain_lead",
        summary="Why a lead went to its owner, and has its score",
        description="`assignment`: the last decision of an assignment rule; `waiting`: what a lead that is nobody's"
        " waits for; null where there is none. `score`: null where the line has no score rules.",
        tags=LEADS,
        responses={
            200: answer(
                WhySerializer,
                "The reasons.",
                {
                    "assignment": {
                        "rule": "Everywhere",
                        "method": "round_robin",
                        "owner": 7,
                        "reason": "Rule “Everywhere”: Asha Rao was next of 3 people, at its lead number 12.",
                        "at": "2026-03-10T09:00:00+05:30",
                        "is_current": True,
                    },
                    "waiting": None,
                    "score": {
                        "total": 30,
                        "reasons": [
                            {
                                "rule": "Large income",
                                "points": 30,
                                "condition": "Monthly income is at least 100000",
                                "is_met": True,
                            }
                        ],
                        "has_others": False,
                        "is_current": True,
                    },
                },
            )
        },
    )
    def get(self, request: Request, reference: str) -> Response:
        """Tell why a lead went to its owner, and has its score."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        lead = get_lead(actor, reference)
        return Response(
            {
                "assignment": self._assignment(actor, lead),
                "waiting": _waiting(actor, lead),
                "score": self._score(actor, lead),
            }
        )

    @staticmethod
    def _score(actor: Actor, lead: Lead) -> dict[str, Any] | None:
        found = explain_score(LeadReader(actor), lead)
        if found is None:
            return None
        return {
            "total": found.score,
            "reasons": [
                {"rule": each.rule, "points": each.points, "condition": each.text, "is_met": each.is_met}
                for each in found.reasons
            ],
            "has_others": found.has_others,
            "is_current": found.is_current if found.is_told else None,
        }

    @staticmethod
    def _assignment(actor: Actor, lead: Lead) -> dict[str, Any] | None:
        why = why_assigned(lead)
        if why is None:
            return None
        found = why.assignment
        return {
            "rule": found.rule_name,
            "method": found.method,
            "owner": found.owner_id,
            "reason": why.reason,
            "at": found.at.astimezone(actor.organization.zone).isoformat(),
            "is_current": why.is_current,
        }


class LeadDuplicatesView(Call):
    """What a lead repeats."""

    @extend_schema(
        operation_id="list_lead_duplicates",
        summary="Other leads with the same details",
        description="By what the line compares, such as the phone. Of leads of others only that there are some.",
        tags=LEADS,
        responses={
            200: answer(
                DuplicatesSerializer,
                "The leads, newest first.",
                {
                    "next": None,
                    "previous": None,
                    "results": [{"matches": ["mobile"], "lead": {**LEAD, "reference": "L00000017"}}],
                    "elsewhere": False,
                },
            )
        },
    )
    def get(self, request: Request, reference: str) -> Response:
        """Tell which leads of its line a lead repeats."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        found = lead_duplicates(actor, get_lead(actor, reference))
        reader = LeadReader(actor)
        results = [{"matches": list(each.matches), "lead": reader.payload(each.lead)} for each in found.leads]
        return Response({"next": None, "previous": None, "results": results, "elsewhere": found.elsewhere})


def _waiting(actor: Actor, lead: Lead) -> dict[str, Any] | None:
    found = why_waiting(lead)
    if found is None:
        return None
    zone, row = actor.organization.zone, found.waiting
    return {
        "rule": row.rule.name,
        "cause": row.reason,
        "reason": found.reason,
        "since": row.since.astimezone(zone).isoformat(),
        "until": row.until.astimezone(zone).isoformat() if row.until else None,
    }


def _owner(actor: Actor, member_id: int | None) -> Membership | None:
    if member_id is None:
        return None
    member = assignable_members(actor).filter(pk=member_id).first()
    if member is None:
        message = "Nobody with this number may be given leads by you."
        raise ValidationError({"owner": [ErrorDetail(message, code="choice")]})
    return member
