"""What the OpenAPI description says of batches."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from core.api.description import answer, error_answer
from leads.api.documentation import LEADS, NEW_LEAD
from leads.api.serializers import MOST_ITEMS, BatchAnswerSerializer, BatchBody

SECOND = {
    "line": "rooftop_solar",
    "data": {"owner_name": "Ravi Kumar", "mobile": "98450 00001", "roof_area": 40, "monthly_bill": 1800},
    "idempotency_key": "enquiry-20260115-0002",
}
WITHOUT_PHONE = {
    "line": "rooftop_solar",
    "data": {"owner_name": "Meera Iyer", "mobile": "12", "roof_area": 60, "monthly_bill": 2500},
}
RESULT = {"errors": [], "idempotency_key": None, "replayed": False}
ANSWER = {
    "accepted": 1,
    "updated": 0,
    "duplicate": 1,
    "rejected": 1,
    "results": [
        {**RESULT, "index": 0, "status": 201, "reference": "L00000042"},
        {
            **RESULT,
            "index": 1,
            "status": 409,
            "reference": "L00000017",
            "errors": [
                {
                    "code": "duplicate",
                    "detail": "This lead exists as L00000017. The enquiry was counted there.",
                    "attr": None,
                }
            ],
            "idempotency_key": "enquiry-20260115-0002",
        },
        {
            **RESULT,
            "index": 2,
            "status": 400,
            "reference": None,
            "errors": [
                {
                    "code": "invalid_phone",
                    "detail": "“12” is not a phone number. Write all its digits, such as +91 98765 43210.",
                    "attr": "data.mobile",
                }
            ],
        },
    ],
}
TOO_MANY = error_answer(
    f"More than {MOST_ITEMS:,} enquiries, or too large a body.",
    "too_many_items",
    f"A batch holds at most {MOST_ITEMS:,} enquiries, and this one 1,200. Send them in parts.",
)
WRONG_BATCH = error_answer(
    "The body is no batch.",
    "invalid",
    'Send an object with the enquiries as a list: {"leads": […]}.',
    "leads",
)
CREATE_LEADS: dict[str, Any] = {
    "operation_id": "create_leads",
    "summary": "Write down many enquiries",
    "description": (
        f"Up to {MOST_ITEMS:,} enquiries, each judged as if it came alone; a bad one does not hurt the others, and"
        " all that are sound are written together. `results` has an entry for each, in order, with the `status` that"
        " it would have been answered with alone. An enquiry may have an `idempotency_key` of its own: sent again, in"
        " whatever batch, it is answered as the first time."
    ),
    "tags": LEADS,
    "request": BatchBody,
    "examples": [
        OpenApiExample("enquiries", value={"leads": [NEW_LEAD, SECOND, WITHOUT_PHONE]}, request_only=True)
    ],
    "responses": {
        200: answer(BatchAnswerSerializer, "What became of each enquiry.", ANSWER),
        400: WRONG_BATCH,
        413: TOO_MANY,
    },
}
