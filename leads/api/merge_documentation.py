"""What the OpenAPI description says of calls about merges and duplicates."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from core.api.description import PRECONDITIONS, answer, error_answer, page_of
from core.api.serializers import Body
from leads.api.documentation import CURSOR, LEAD, PAGE_SIZE
from leads.api.serializers import LeadSerializer
from leads.models import PairDecision
from leads.queries.duplicate_pairs import ORDERS

DUPLICATES = ["Duplicates and merges"]


class MergeBody(Body):
    """Which lead becomes part of this one, and whose values stand."""

    lose = serializers.RegexField(
        r"^[A-Za-z0-9]{1,20}$", help_text="The reference of the lead that becomes part of this one."
    )
    choices = serializers.DictField(
        child=serializers.ChoiceField(choices=["keep", "lose", "both"]),
        required=False,
        help_text="Whose value stands: `keep` or `lose`, by field key, or `status`, `stage`, `owner`, `source`,"
        " `campaign`; `tags` may be `both`. What is not named stays, or is filled up where this lead has none.",
    )
    lose_etag = serializers.CharField(
        required=False,
        max_length=100,
        help_text="The ETag of the lead that becomes part of this one, as you read it: refused if it changed since.",
    )


class MergeSerializer(serializers.Serializer[Any]):
    """That one lead became part of another."""

    id = serializers.IntegerField()
    kept = serializers.CharField(help_text="The reference of the lead that stays.")
    merged = serializers.CharField(
        help_text="The reference of the lead that became part of it: it leads there."
    )
    by = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)


class MergeAnswerSerializer(MergeSerializer):
    """A merge that was just made."""

    lead = LeadSerializer()


class UndoAnswerSerializer(MergeSerializer):
    """A merge that was taken back."""

    stays = serializers.ListField(
        child=serializers.CharField(),
        help_text="What stays as it was edited in the kept lead since: `data.` and a field key, or an attribute.",
    )


class MergesSerializer(serializers.Serializer[Any]):
    """What became part of a lead."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MergeSerializer(many=True)


class PairSerializer(serializers.Serializer[Any]):
    """Two leads that may be the same."""

    id = serializers.IntegerField()
    line = serializers.CharField()
    score = serializers.IntegerField(help_text="How likely, of 100.")
    reasons = serializers.ListField(
        child=serializers.CharField(),
        help_text="`phone`, `email`, `digits` (the last seven), `city`, and `name:92` for names alike by so much."
        " What you may not see in both leads is left out.",
    )
    decision = serializers.ChoiceField(choices=PairDecision.choices)
    found_at = serializers.DateTimeField()
    first = LeadSerializer()
    second = LeadSerializer()


class PairPageSerializer(serializers.Serializer[Any]):
    """A page of pairs."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PairSerializer(many=True)


class PairDecisionBody(Body):
    """What you decide about a pair."""

    decision = serializers.ChoiceField(choices=PairDecision.choices)


PAIR = {
    "id": 8,
    "line": "rooftop_solar",
    "score": 94,
    "reasons": ["phone", "city", "name:92"],
    "decision": "open",
    "found_at": "2026-01-15T04:00:00+00:00",
    "first": LEAD,
    "second": {**LEAD, "reference": "L00000057"},
}
LIST_PAIRS: dict[str, Any] = {
    "operation_id": "list_duplicate_pairs",
    "summary": "Pairs of leads that may be the same",
    "description": "Of leads that you may both change. A job finds them each night, by phone, e-mail, and names alike"
    " in one city.",
    "tags": DUPLICATES,
    "parameters": [
        OpenApiParameter("line", str, description="The code of a business line."),
        OpenApiParameter(
            "decision", str, enum=PairDecision.values, description="`open` unless said otherwise."
        ),
        OpenApiParameter("order", str, enum=[*ORDERS], description="`likeliest` unless said otherwise."),
        CURSOR,
        PAGE_SIZE,
    ],
    "responses": {200: answer(PairPageSerializer, "A page.", page_of(PAIR))},
}
DECIDE_PAIR: dict[str, Any] = {
    "operation_id": "decide_duplicate_pair",
    "summary": "Say of a pair that it is not the same",
    "description": "It does not return; `open` takes that back. To make one lead of two, merge them.",
    "tags": DUPLICATES,
    "request": PairDecisionBody,
    "examples": [OpenApiExample("not the same", value={"decision": "not_the_same"}, request_only=True)],
    "responses": {
        200: answer(PairSerializer, "The pair.", {**PAIR, "decision": "not_the_same"}),
        400: error_answer(
            "The call is wrong.", "invalid_choice", "“perhaps” is none of the choices.", "decision"
        ),
    },
}
MERGE = {
    "id": 5,
    "kept": "L00000042",
    "merged": "L00000057",
    "by": "Leela Nair",
    "at": "2026-01-15T09:30:00+00:00",
    "undone_at": None,
}
MERGED_ALREADY = error_answer(
    "It collides with what is there.",
    "changed",
    "L00000057 was changed since you looked at it. Compare the two leads again.",
)
MERGE_LEADS: dict[str, Any] = {
    "operation_id": "merge_leads",
    "summary": "Merge another lead into this one",
    "description": "You must be able to change both. Notes, follow-ups, calls, files, consents and tags move; both"
    " histories stay; the other reference leads here; the merge can be taken back. The same merge again changes"
    " nothing. `If-Match` holds this lead to what you read, `lose_etag` the other one.",
    "tags": DUPLICATES,
    "parameters": PRECONDITIONS,
    "request": MergeBody,
    "examples": [
        OpenApiExample(
            "with the other's amount",
            value={"lose": "L00000057", "choices": {"status": "keep", "tags": "both"}},
            request_only=True,
        )
    ],
    "responses": {
        200: answer(MergeAnswerSerializer, "The merge, and the lead as it is now.", {**MERGE, "lead": LEAD}),
        400: error_answer("The call is wrong.", "choice", "Choose one of keep, lose.", "choices.city"),
        409: MERGED_ALREADY,
    },
}
LIST_MERGES: dict[str, Any] = {
    "operation_id": "list_lead_merges",
    "summary": "Leads that became part of this one",
    "tags": DUPLICATES,
    "responses": {200: answer(MergesSerializer, "The merges that stand, newest first.", page_of(MERGE))},
}
UNDO_MERGE: dict[str, Any] = {
    "operation_id": "undo_lead_merge",
    "summary": "Take a merge back",
    "description": "Both leads are as they were, with what hung on them; what was edited or added since stays.",
    "tags": DUPLICATES,
    "parameters": PRECONDITIONS,
    "request": None,
    "responses": {
        200: answer(
            UndoAnswerSerializer,
            "The merge, taken back.",
            {**MERGE, "undone_at": "2026-01-15T10:00:00+00:00", "stays": ["data.monthly_bill"]},
        ),
        409: error_answer(
            "It collides with what is there.",
            "duplicate",
            "L00000017 already has these details. Open that lead, or change what they share.",
        ),
    },
}
