"""What the OpenAPI description says of each call: parameters, answers, examples."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from core.api.description import (
    ETAG,
    PRECONDITIONS,
    READS_VERSION,
    ErrorAnswerSerializer,
    answer,
    error_answer,
    page_of,
)
from core.api.paging import DEFAULT_SIZE, LARGEST_SIZE
from leads.api.serializers import (
    LeadChange,
    LeadPageSerializer,
    LeadSerializer,
    LinePageSerializer,
    MergedSerializer,
    NewLead,
    TimelinePageSerializer,
)

LEADS, LINES = ["Leads"], ["Lines"]
HOST = "https://leads.example.com/api/v1"
LEAD = {
    "reference": "L00000042",
    "line": "rooftop_solar",
    "version": 1,
    "name": "Asha Rao",
    "phone": "+919845012345",
    "email": None,
    "amount": None,
    "city": None,
    "region": None,
    "currency": "INR",
    "status": "new",
    "stage": "new",
    "score": None,
    "stalled_since": None,
    "owner": {"id": 7, "name": "Arjun Rao"},
    "team": {"id": 3, "name": "Leela Nair"},
    "source": "Website",
    "campaign": "Monsoon offer",
    "repeat_enquiries": 0,
    "tags": ["Hot"],
    "data": {
        "owner_name": "Asha Rao",
        "mobile": "+919845012345",
        "roof_area": "85.5",
        "meter_number": "MH12345678",
        "monthly_bill": "4200.00",
    },
    "masked": [],
    "created": "2026-01-15T09:30:00+00:00",
    "updated": "2026-01-15T09:30:00+00:00",
}
NEW_LEAD = {
    "line": "rooftop_solar",
    "data": {
        "owner_name": "Asha Rao",
        "mobile": "98450 12345",
        "roof_area": 85.5,
        "meter_number": "mh12345678",
        "monthly_bill": 4200,
    },
    "source": "Website",
    "campaign": "Monsoon offer",
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": f"{HOST}/lines/home_loan/schema",
    "title": "Home loans",
    "type": "object",
    "properties": {
        "loan_wanted": {
            "title": "Loan wanted",
            "type": ["string", "number"],
            "format": "decimal",
            "pattern": r"^-?[0-9]+(\.[0-9]{1,2})?$",
            "minimum": 50000,
            "x-decimals": 2,
            "x-type": "money",
            "x-section": "Loan",
            "x-order": 9,
            "x-required": True,
            "x-filterable": True,
            "x-fills": "amount",
        }
    },
    "required": ["loan_wanted"],
    "additionalProperties": False,
    "x-line": "home_loan",
    "x-version": 3,
    "x-currency": "INR",
    "x-sections": ["Loan"],
}
ENTRY = {
    "kind": "changed",
    "at": "2026-01-15T10:02:11+00:00",
    "actor": "Vikram Shah",
    "text": "changed the lead",
    "changes": [{"name": "status", "label": "Status", "old": "New", "new": "In progress"}],
    "note": "",
}

FILTERS = """
`status`, `stage`, `owner` (`me`, `none` or a member's number), `tag`, `source`, `campaign`, `created`, `updated`,
`score` (where you see all that it follows from), `stalled`, `repeat_enquiries`, `import`, `name`, `phone`, `email`,
`amount`, `city`, `region`, and within a line `data.<key>` of any field that you see unmasked.

A comparison follows two underscores: `eq` (also without), `ne`, `in`, `not_in`, `gt`, `gte`, `lt`, `lte`, `between`,
`contains`, `starts_with`, `ends_with`, `matches`, `before`, `after`, `within_days`, `has_any`, `has_all`, `is_empty`,
`is_not_empty`. Several values stand between commas, or in a parameter each. Parameters are joined by *and*.

`?line=home_loan&status=new&data.town__in=Pune,Jaipur&data.loan_wanted__gte=500000&created__gte=2026-01-01`
""".strip()


class RepeatAnswerSerializer(ErrorAnswerSerializer):
    """The refusal of an enquiry that repeats a lead."""

    reference = serializers.CharField(
        allow_null=True, help_text="Of the lead that is there; null when it is not yours to see."
    )


REPEAT = error_answer(
    "The enquiry repeats a lead. It is counted there.",
    "duplicate",
    "This lead exists as L00000042. The enquiry was counted there.",
    serializer=RepeatAnswerSerializer,
    reference="L00000042",
)
COLLISION = error_answer(
    "The change collides with another lead.",
    "duplicate",
    "L00000017 already has these details. Open that lead, or change what they share.",
)
WRONG_FIELD = error_answer(
    "The call is wrong: each problem, with its place.",
    "invalid_phone",
    "“12” is not a phone number. Write all its digits, such as +91 98765 43210.",
    "data.mobile",
)
WRONG_FILTER = error_answer(
    "A parameter is not understood.",
    "unknown_filter",
    "Nothing here is filtered by “colour”. Use data.<key of a field> or one of status, stage, owner.",
    "colour",
)
CURSOR = OpenApiParameter("cursor", str, description="A place in the list, from `next` or `previous`.")
PAGE_SIZE = OpenApiParameter(
    "page_size",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
    description="How many items a page has.",
)
LIST_PARAMETERS = [
    OpenApiParameter("line", str, description="The code of a line. Without it: the leads of all lines."),
    OpenApiParameter(
        "search",
        str,
        description="Words of the name, a piece of the phone number, an e-mail, a unique text, or a reference.",
    ),
    OpenApiParameter(
        "ordering",
        str,
        description="`created`, `updated`, or within a line `data.<key>`; `-` before it reverses.",
    ),
    OpenApiParameter(
        "rule",
        str,
        description=(
            "A rule as JSON over the same names, for what parameters cannot say: "
            '`{"any": [{"field": "status", "op": "eq", "value": "new"}, {"field": "tag", "op": "has_any", '
            '"value": ["Hot"]}]}`.'
        ),
    ),
    CURSOR,
    PAGE_SIZE,
    OpenApiParameter(
        "filters",
        {"type": "object", "additionalProperties": {"type": "string"}},
        style="form",
        explode=True,
        description=FILTERS,
        examples=[
            OpenApiExample("none", value={}),
            OpenApiExample("attributes", value={"status": "new", "owner": "me"}),
            OpenApiExample("fields of a line", value={"line": "home_loan", "data.town__in": "Pune,Jaipur"}),
        ],
    ),
]

LIST_LINES: dict[str, Any] = {
    "operation_id": "list_lines",
    "summary": "The business lines",
    "tags": LINES,
    "responses": {
        200: answer(
            LinePageSerializer,
            "The lines with which you may work.",
            page_of(
                {
                    "code": "home_loan",
                    "name": "Home loans",
                    "currency": "INR",
                    "version": 3,
                    "stages": ["new", "contacted", "qualified", "documents", "decision"],
                    "is_active": True,
                    "schema": SCHEMA["$id"],
                }
            ),
        )
    },
}
READ_SCHEMA: dict[str, Any] = {
    "operation_id": "read_line_schema",
    "summary": "The fields of a line, as JSON Schema",
    "description": (
        "The `data` of a line's leads as JSON Schema 2020-12: the active fields that you may see, in the version"
        " in force. `x-visible-if` and `x-required-if` are rules; a rule about fields that you may not see is"
        ' `{"hidden": true}`.'
    ),
    "tags": LINES,
    "responses": {200: answer(OpenApiTypes.OBJECT, "The schema.", SCHEMA)},
}
LIST_LEADS: dict[str, Any] = {
    "operation_id": "list_leads",
    "summary": "Leads, a page at a time",
    "tags": LEADS,
    "parameters": LIST_PARAMETERS,
    "responses": {
        200: answer(
            LeadPageSerializer,
            "A page of leads, newest first unless ordered otherwise.",
            {
                **page_of(LEAD, count=None, count_estimate=1000, slow=[]),
                "next": f"{HOST}/leads?line=home_loan&cursor=eyJvIjoiLWNyZWF0ZWQifQ",
            },
        ),
        400: WRONG_FILTER,
    },
}
CREATE_LEAD: dict[str, Any] = {
    "operation_id": "create_lead",
    "summary": "Write down an enquiry",
    "description": (
        "The lead is yours. An enquiry that repeats a lead is counted there and answered with 409, unless the line"
        " says that repeats update: then that lead, if it is yours to change, takes the values and comes back"
        " with 200."
    ),
    "tags": LEADS,
    "request": NewLead,
    "examples": [OpenApiExample("enquiry", value=NEW_LEAD, request_only=True)],
    "parameters": [
        OpenApiParameter(
            "Location", str, OpenApiParameter.HEADER, description="The lead's address.", response=[201]
        ),
        ETAG,
    ],
    "responses": {
        200: answer(LeadSerializer, "The lead that the enquiry repeats, updated by it.", LEAD),
        201: answer(
            LeadSerializer, "The lead. Its `reference` alone, if you capture leads and read none.", LEAD
        ),
        400: WRONG_FIELD,
        409: REPEAT,
    },
}
READ_LEAD: dict[str, Any] = {
    "operation_id": "read_lead",
    "summary": "One lead",
    "tags": LEADS,
    "parameters": READS_VERSION,
    "responses": {
        200: answer(LeadSerializer, "The lead.", LEAD),
        307: answer(
            MergedSerializer,
            "It became part of another lead, whose address is in `Location`.",
            {"merged_into": "L00000042"},
        ),
    },
}
CHANGE_LEAD: dict[str, Any] = {
    "operation_id": "change_lead",
    "summary": "Change a lead",
    "description": "What is not given stays. The lead moves to the version of its line that is in force.",
    "tags": LEADS,
    "parameters": PRECONDITIONS,
    "request": LeadChange,
    "examples": [
        OpenApiExample(
            "a step further",
            value={"status": "in_progress", "data": {"monthly_bill": 3900}},
            request_only=True,
        )
    ],
    "responses": {
        200: answer(LeadSerializer, "The lead as it is now.", {**LEAD, "status": "in_progress"}),
        400: WRONG_FIELD,
        409: COLLISION,
    },
}
WITHDRAW_LEAD: dict[str, Any] = {
    "operation_id": "withdraw_lead",
    "summary": "Withdraw a lead",
    "description": "It leaves every list and frees its keys; its history stays, and it can be restored.",
    "tags": LEADS,
    "parameters": PRECONDITIONS[:1],
    "responses": {204: OpenApiResponse(None, "The lead is withdrawn.")},
}
READ_TIMELINE: dict[str, Any] = {
    "operation_id": "read_lead_timeline",
    "summary": "What happened to a lead",
    "tags": LEADS,
    "parameters": [CURSOR, PAGE_SIZE],
    "responses": {200: answer(TimelinePageSerializer, "A page, newest first.", page_of(ENTRY))},
}
