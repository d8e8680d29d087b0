"""Calls that change many leads at once, tell how that went, and take it back.

Each change is a job. The idempotency key of a call is its press: `leads.services.bulk` keeps what it began, so these
views keep no outcome of their own, and a few leads are changed while the caller waits.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import press_of
from core.api.description import answer, error_answer
from core.api.serializers import Body, TextField
from core.models import Job, JobState
from leads.api.documentation import LEADS
from leads.api.filters import line_named
from leads.models import BusinessLine
from leads.queries.bulk import UNDO, get_bulk_change, read_undo
from leads.queries.lead_list import Catalog, LeadListQuery, parse_rule_text
from leads.queries.leads import is_reference
from leads.queries.search import LONGEST_SEARCH
from leads.services.bulk import ACTIONS, ASSIGN, AT_ONCE, NOTHING_DONE, Change, change_many_leads
from leads.services.undoing import NOTHING_UNDONE, undo_bulk_change

MOST_NAMED = 1_000
SHOWN = {
    "id": 812,
    "title": "Move leads to the stage qualified",
    "state": "done",
    "done": 2,
    "total": 2,
    "error": "",
    "counts": {"changed": 1, "unchanged": 0, "not_allowed": 0, "changed_meanwhile": 0, "gone": 1},
    "results": [
        {"reference": "L00000042", "result": "changed"},
        {"reference": "L00000043", "result": "gone"},
    ],
    "address": "https://leads.example.com/api/v1/leads/bulk/812",
    "undo_until": "2026-01-22T09:30:00+00:00",
    "undone_by": None,
}
QUEUED = {
    **SHOWN,
    "state": "queued",
    "done": 0,
    "total": None,
    "counts": {},
    "results": [],
    "undo_until": None,
}
UNDONE = {
    **SHOWN,
    "id": 813,
    "title": "Take back: Move leads to the stage qualified",
    "done": 1,
    "total": 1,
    "counts": {"undone": 1, "changed_since": 0, "not_allowed": 0},
    "results": [],
    "address": "https://leads.example.com/api/v1/leads/bulk/813",
    "undo_until": None,
}


@extend_schema_field({"type": ["string", "integer", "null"]})
class ChangeValueField(serializers.JSONField):
    """A member's number, a text, or nothing: what it may be depends on the action."""


class BulkBody(Body):
    """Which leads of a line, and what becomes of them."""

    line = TextField(help_text="The code of the line whose leads these are.")
    references = serializers.ListField(
        child=TextField(),
        required=False,
        allow_empty=False,
        max_length=MOST_NAMED,
        help_text="The leads, by their references. Either these, or `all`.",
    )
    all = serializers.BooleanField(
        required=False, help_text="All leads of the line that `search` and `rule` find."
    )
    search = TextField(required=False, allow_blank=True, max_length=LONGEST_SEARCH)
    rule = serializers.DictField(
        required=False, allow_null=True, help_text="Conditions, as the parameter `rule` of lists takes them."
    )
    action = serializers.ChoiceField(choices=[(name, name) for name in ACTIONS])
    value = ChangeValueField(
        allow_null=True,
        help_text="The number of a member (null for nobody), a stage, a status, or a tag, by `action`.",
    )
    as_of = serializers.DateTimeField(
        required=False, help_text="When you read the leads. Leads that were changed later stay as they are."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("references" in attrs) == bool(attrs.get("all")):
            # All leads of a line must not be changed because a key was left out.
            message = "Name the leads by `references`, or say `all`: true."
            raise ValidationError({"references": [ErrorDetail(message, code="required")]})
        if "references" in attrs and (attrs.get("search") or attrs.get("rule")):
            message = "Leads that are named are not searched for. Leave `search` and `rule` out."
            raise ValidationError({"references": [ErrorDetail(message, code="invalid")]})
        return attrs

    def validate_value(self, value: Any) -> Any:
        is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
        if value is None or is_number or (isinstance(value, str) and len(value) <= 200):
            return value
        raise ValidationError("Give a number, a short text, or null.", code="invalid")


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of one lead."""

    reference = serializers.CharField()
    result = serializers.ChoiceField(choices=list(NOTHING_DONE))


class BulkSerializer(serializers.Serializer[Any]):
    """A change of many leads, or what takes one back."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField(help_text="Leads looked at so far.")
    total = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many leads met which fate, so far."
    )
    results = BulkResultSerializer(
        many=True, help_text=f"Of each lead, where up to {AT_ONCE} were named and the change has ended."
    )
    address = serializers.URLField(help_text="Tells how far it is.")
    undo_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when it can be taken back; null where it cannot."
    )
    undone_by = serializers.URLField(allow_null=True, help_text="What takes it back, or did so.")


WRONG = error_answer(
    "The call is wrong: each problem, with its place.", "choice", "Choose one of fresh, qualified.", "value"
)


class LeadBulkView(APIView):
    """Many leads at once."""

    @extend_schema(
        operation_id="change_many_leads",
        summary="Change many leads at once",
        description=(
            f"Leads that are named, or all that a search and a rule find. Up to {AT_ONCE} leads are changed while you"
            " wait; more by a job, whose address is in the answer. Nothing is changed that you may not change."
        ),
        tags=LEADS,
        request=BulkBody,
        examples=[
            OpenApiExample(
                "leads by name",
                value={
                    "line": "rooftop_solar",
                    "references": ["L00000042", "L00000043"],
                    "action": "tag",
                    "value": "Hot",
                },
                request_only=True,
            )
        ],
        responses={
            200: answer(BulkSerializer, "It is done.", SHOWN),
            202: answer(BulkSerializer, "Too many to wait for: a job changes them.", QUEUED),
            400: WRONG,
        },
    )
    def post(self, request: Request) -> Response:
        """Change leads: at once where they are few, else by a job."""
        actor = actor_of(request)
        body = BulkBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        actor.require(Area.LEADS, Change(given["action"], None).verb)
        line = line_named(actor, given["line"])
        assert line is not None, "A blank code is refused."
        job = change_many_leads(
            actor=actor,
            query=_query(actor, line, given),
            change=_change(given),
            press=press_of(request),
            as_of=given.get("as_of") or timezone.now(),
        )
        return _answer(request, actor, job)


class BulkChangeView(APIView):
    """One change of many leads."""

    @extend_schema(
        operation_id="read_bulk_change",
        summary="How far a change of many leads is",
        description="Of your own changes, and of what takes one back.",
        tags=LEADS,
        responses={200: answer(BulkSerializer, "The change.", SHOWN)},
    )
    def get(self, request: Request, change_id: str) -> Response:
        """Tell how far a change of yours is, and what became of the leads."""
        actor = actor_of(request)
        return Response(_shown(request, actor, get_bulk_change(actor, int(change_id))))


class BulkUndoView(APIView):
    """Taking a change of many leads back."""

    @extend_schema(
        operation_id="undo_bulk_change",
        summary="Take a change of many leads back",
        description=(
            "Puts back what stood there. Leads that somebody has changed since stay as they are. However often you"
            " call, it happens once."
        ),
        tags=LEADS,
        request=None,
        responses={
            200: answer(BulkSerializer, "It is taken back.", UNDONE),
            202: answer(
                BulkSerializer, "Too many to wait for: a job takes it back.", {**UNDONE, "state": "queued"}
            ),
            409: error_answer(
                "It cannot be taken back.", "nothing_to_undo", "This change left every lead as it was."
            ),
        },
    )
    def post(self, request: Request, change_id: str) -> Response:
        """Take a change of yours back."""
        actor = actor_of(request)
        # It happens once without a key as well; one that is none is told all the same.
        press_of(request)
        return _answer(request, actor, undo_bulk_change(actor=actor, job_id=int(change_id)))


def _query(actor: Actor, line: BusinessLine, given: Mapping[str, Any]) -> LeadListQuery:
    if "references" in given:
        # One that is no reference is none of ours: it is told as gone.
        named = tuple(dict.fromkeys(text for text in given["references"] if is_reference(text)))
        if not named:
            message = "None of these is a reference, such as L00000042."
            raise ValidationError({"references": [ErrorDetail(message, code="invalid")]})
        return LeadListQuery(line, references=named)
    rule = given.get("rule")
    conditions = parse_rule_text(Catalog(actor, line), json.dumps(rule)) if rule else None
    return LeadListQuery(line, given.get("search", ""), conditions)


def _change(given: Mapping[str, Any]) -> Change:
    action, value = given["action"], given["value"]
    if action == ASSIGN:
        # 0 is nobody's number: what is none is refused as such.
        return Change(action, value if value is None or isinstance(value, int) else 0)
    return Change(action, value if isinstance(value, str) else "")


def _answer(request: Request, actor: Actor, job: Job) -> Response:
    code = status.HTTP_200_OK if job.is_finished else status.HTTP_202_ACCEPTED
    return Response(_shown(request, actor, job), status=code)


def _shown(request: Request, actor: Actor, job: Job) -> dict[str, Any]:
    def address(number: int) -> str:
        return request.build_absolute_uri(reverse("api:bulk-detail", kwargs={"change_id": number}))

    told = dict(job.result or {})
    counts = told or dict((job.cursor or {}).get("counts", {}))
    fates = told.get("leads", {})
    undo = read_undo(job)
    until: dt.datetime | None = undo.until if undo.is_offered else None
    known = NOTHING_UNDONE if job.kind == UNDO else NOTHING_DONE
    return {
        "id": job.pk,
        "title": job.title,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "error": job.error,
        "counts": {name: counts[name] for name in known if name in counts},
        "results": [{"reference": reference, "result": fate} for reference, fate in fates.items()],
        "address": address(job.pk),
        "undo_until": until.isoformat() if until else None,
        "undone_by": address(undo.job_id) if undo.job_id else None,
    }
