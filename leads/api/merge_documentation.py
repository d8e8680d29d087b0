"""What the OpenAPI description says of calls about merges and duplicates."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from core.api.description import PRECONDITIONS, answer, error_answer, page_of
from core.api.serializers import Body
from leads.api.documentation import LEAD
from leads.api.serializers import LeadSerializer

DUPLICATES = ["Duplicates and merges"]
LONGEST_CHOICES = 2_000


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
