"""What the OpenAPI description says of calls about attachments."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from accounts.api.documentation import LOCATION, listing
from core.api.description import ETAG, PRECONDITIONS, READS_VERSION, answer, error_answer
from leads.api.attachment_serializers import AttachmentFilter, AttachmentSerializer, NewAttachment

ATTACHMENTS = ["Attachments"]
ATTACHMENT = {
    "id": 5,
    "lead": "L00000042",
    "kind": "kyc",
    "label": "PAN card",
    "file": {"id": 17, "name": "pan.pdf", "size": 81236, "type": "application/pdf"},
    "author": {"id": 7, "name": "Arjun Rao"},
    "created": "2026-01-15T09:30:00+00:00",
}
UPLOAD = {"kind": "kyc", "label": "PAN card", "file": "%PDF-1.7 …"}

LIST_ATTACHMENTS = listing(
    "list_lead_attachments",
    "What is attached to a lead",
    ATTACHMENTS,
    AttachmentSerializer,
    ATTACHMENT,
    AttachmentFilter,
    "`created`, the newest first",
)
CREATE_ATTACHMENT: dict[str, Any] = {
    "operation_id": "create_lead_attachment",
    "summary": "Attach a file to a lead",
    "description": (
        "Who may edit the lead may. A file that is attached already, of the same kind, is not attached again: the"
        " answer is 200 with what is there."
    ),
    "tags": ATTACHMENTS,
    "request": {"multipart/form-data": NewAttachment},
    "examples": [
        OpenApiExample("a paper", value=UPLOAD, request_only=True, media_type="multipart/form-data")
    ],
    "parameters": [LOCATION, ETAG],
    "responses": {
        200: answer(AttachmentSerializer, "The file was attached before.", ATTACHMENT),
        201: answer(AttachmentSerializer, "The file is attached.", ATTACHMENT),
        400: error_answer(
            "The call is wrong, or the file is not taken.",
            "file_type",
            "This kind of file is not taken here. Choose one of PDF, JPEG.",
            "file",
        ),
        409: error_answer(
            "The lead has as many as it can have.",
            "too_many",
            "A lead has at most 100 attachments. Remove one first.",
        ),
    },
}
READ_ATTACHMENT: dict[str, Any] = {
    "operation_id": "read_lead_attachment",
    "summary": "One attachment of a lead",
    "description": "The bytes are at `files/{id}/content`, by the number of its file.",
    "tags": ATTACHMENTS,
    "parameters": READS_VERSION,
    "responses": {200: answer(AttachmentSerializer, "The attachment.", ATTACHMENT)},
}
REMOVE_ATTACHMENT: dict[str, Any] = {
    "operation_id": "remove_lead_attachment",
    "summary": "Take an attachment away",
    "description": "Its file opens no more. Who may edit the lead can restore it on the lead's page.",
    "tags": ATTACHMENTS,
    "parameters": PRECONDITIONS[:1],
    "responses": {204: OpenApiResponse(None, "The attachment is removed.")},
}
