"""What the OpenAPI description says of proposals."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from core.api.description import answer, error_answer
from core.api.jobs import EXAMPLE as JOB
from leads.api.proposal_serializers import (
    AppliedSerializer,
    ApplyBody,
    ProposalUploadBody,
    StoredProposalSerializer,
)

LINES = ["Lines"]
HOST = "https://leads.example.com/api/v1"
FIELD = {
    "key": "lead_source",
    "label": "Lead Source",
    "type": "select",
    "settings": {"indexed": True, "choices": ["Google", "Direct Traffic"]},
    "exists": False,
    "evidence": {
        "column": "Lead Source",
        "filled": 9_204,
        "blank": 36,
        "distinct": 2,
        "distinct_is_exact": True,
        "examples": ["Google", "Direct Traffic"],
        "reason": "2 values in 9,204 cells.",
        "notes": ["“google” and “Google” are one choice."],
    },
}
LOOKED_AT = {
    "id": 12,
    "filename": "enquiries.csv",
    "line": "courses",
    "job": {**JOB, "kind": "leads.propose", "title": "Look at enquiries.csv", "state": "done", "percent": 100},
    "proposal": {
        "rows": 9_240,
        "sheet": "",
        "header_row": 1,
        "fields": [FIELD],
        "dropped": [
            {"column": "B", "header": "", "code": "no_header_no_values", "filled": 0,
             "reason": "No name and nothing in it."}
        ],
        "duplicate_match": [],
        "notices": [],
    },
    "applied_to": None,
    "address": f"{HOST}/lines/proposals/12/",
}  # fmt: skip
TAKEN = {
    **LOOKED_AT,
    "job": {**JOB, "kind": "leads.propose", "title": "Look at enquiries.csv", "state": "queued"},
    "proposal": None,
}
APPLIED = {
    "line": "courses",
    "is_new": True,
    "version": 1,
    "added": ["lead_source"],
    "kept": [],
    "schema": f"{HOST}/lines/courses/schema/",
}
UPLOAD = {"file": "Lead Source,City\nGoogle,Pune\ngoogle,Delhi\n", "line": "courses"}
PLACE = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="The proposal's address.", response=[201]
)

CREATE_PROPOSAL: dict[str, Any] = {
    "operation_id": "create_proposal",
    "summary": "Propose fields from a file",
    "description": (
        "Every row of the file is looked at by a job; then its address answers with a field for each column: type,"
        " choices and settings, with the evidence for them. Nothing is made until the proposal is applied."
    ),
    "tags": LINES,
    "request": {"multipart/form-data": ProposalUploadBody},
    "examples": [OpenApiExample("a file", value=UPLOAD, request_only=True, media_type="multipart/form-data")],
    "parameters": [PLACE],
    "responses": {201: answer(StoredProposalSerializer, "The file is kept; a job looks at it.", TAKEN)},
}
READ_PROPOSAL: dict[str, Any] = {
    "operation_id": "read_proposal",
    "summary": "What a file proposes",
    "description": "`job` tells how far it is; a file that cannot be read says why in the job's `error`.",
    "tags": LINES,
    "responses": {200: answer(StoredProposalSerializer, "The proposal.", LOOKED_AT)},
}
APPLY_PROPOSAL: dict[str, Any] = {
    "operation_id": "apply_proposal",
    "summary": "Make a line of a proposal",
    "description": (
        "The line is made, if need be, gets the fields and is published. `fields` replaces what was proposed; fields"
        " whose key or name the line knows stay as they are, so applying twice changes nothing."
    ),
    "tags": LINES,
    "request": ApplyBody,
    "examples": [
        OpenApiExample("as proposed", value={"line": "courses", "name": "Courses"}, request_only=True)
    ],
    "responses": {
        200: answer(AppliedSerializer, "The line is published.", APPLIED),
        409: error_answer(
            "The file is still being looked at, or could not be.",
            "not_ready",
            "The file is still being looked at. Try again in a moment.",
        ),
    },
}
