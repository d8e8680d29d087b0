"""What the OpenAPI description says of calls about saved views and tags."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts.api.documentation import LOCATION, example
from core.api.description import ETAG, PRECONDITIONS, READS_VERSION, answer, error_answer, page_of
from leads.api.view_serializers import (
    LeadTagsSerializer,
    NewView,
    TagPageSerializer,
    TagsBody,
    ViewChange,
    ViewPageSerializer,
    ViewSerializer,
)

VIEWS = ["Saved views and tags"]
RULE = {"field": "status", "op": "eq", "value": "new"}
VIEW = {
    "id": 4,
    "name": "New in Pune",
    "line": "home_loan",
    "owner": {"id": 7, "name": "Arjun Rao"},
    "sharing": "private",
    "role": "",
    "team": None,
    "search": "",
    "conditions": RULE,
    "columns": ["stage", "tags"],
    "ordering": "-created",
    "layout": "table",
    "pinned": True,
    "default": False,
    "notes": [],
    "may_change": True,
}
NEW = {"line": "home_loan", "name": "New leads", "conditions": RULE, "columns": ["stage", "tags"]}
WRONG = error_answer(
    "The call is wrong: each problem, with its place.", "blank", "Give the view a name.", "name"
)
TAKEN = error_answer(
    "You have a view of this name.",
    "view_exists",
    "You have a view named “New leads” of this line. Choose another name.",
)
NOT_YOURS = error_answer(
    "You may not change it.",
    "permission_denied",
    "The view “New leads” is another person's. Save it as your own to change it.",
)
LIST_VIEWS: dict[str, Any] = {
    "operation_id": "list_views",
    "summary": "Saved views",
    "description": "Your own, those shared with you, and for operations all shared ones.",
    "tags": VIEWS,
    "parameters": [OpenApiParameter("line", str, description="The code of a line.")],
    "responses": {200: answer(ViewPageSerializer, "The views.", page_of(VIEW)), 400: WRONG},
}
CREATE_VIEW: dict[str, Any] = {
    "operation_id": "create_view",
    "summary": "Save a view",
    "tags": VIEWS,
    "request": NewView,
    "examples": [example("a view", NEW)],
    "parameters": [LOCATION, ETAG],
    "responses": {201: answer(ViewSerializer, "The view.", VIEW), 400: WRONG, 409: TAKEN},
}
READ_VIEW: dict[str, Any] = {
    "operation_id": "read_view",
    "summary": "One saved view",
    "tags": VIEWS,
    "parameters": READS_VERSION,
    "responses": {200: answer(ViewSerializer, "The view.", VIEW)},
}
CHANGE_VIEW: dict[str, Any] = {
    "operation_id": "change_view",
    "summary": "Change a saved view",
    "description": "Its owner may, and operations where it is shared. What is not given stays.",
    "tags": VIEWS,
    "parameters": PRECONDITIONS,
    "request": ViewChange,
    "examples": [example("another name", {"name": "New leads"})],
    "responses": {
        200: answer(ViewSerializer, "The view as it is now.", VIEW),
        400: WRONG,
        403: NOT_YOURS,
        409: TAKEN,
    },
}
DELETE_VIEW: dict[str, Any] = {
    "operation_id": "delete_view",
    "summary": "Delete a saved view",
    "tags": VIEWS,
    "parameters": PRECONDITIONS[:1],
    "responses": {204: OpenApiResponse(None, "The view is deleted."), 403: NOT_YOURS},
}
LIST_TAGS: dict[str, Any] = {
    "operation_id": "list_tags",
    "summary": "Tags",
    "tags": VIEWS,
    "responses": {200: answer(TagPageSerializer, "The tags, by name.", page_of({"id": 2, "name": "Hot"}))},
}
TAGS = {"lead": "L00000042", "tags": ["Hot"]}
WRONG_TAGS = error_answer(
    "The call is wrong.", "invalid", "A tag has up to 40 characters and no comma: shorten “a, b”.", "tags"
)
READ_LEAD_TAGS: dict[str, Any] = {
    "operation_id": "read_lead_tags",
    "summary": "The tags of a lead",
    "tags": VIEWS,
    "parameters": READS_VERSION,
    "responses": {200: answer(LeadTagsSerializer, "The tags.", TAGS)},
}
SET_LEAD_TAGS: dict[str, Any] = {
    "operation_id": "set_lead_tags",
    "summary": "Set the tags of a lead",
    "description": "The lead carries these and no others. Who may edit the lead may.",
    "tags": VIEWS,
    "parameters": PRECONDITIONS,
    "request": TagsBody,
    "examples": [example("one tag", {"tags": ["Hot"]})],
    "responses": {200: answer(LeadTagsSerializer, "The tags as they are now.", TAGS), 400: WRONG_TAGS},
}
WITHDRAW_TAG: dict[str, Any] = {
    "operation_id": "withdraw_tag",
    "summary": "Take a tag from all leads",
    "tags": VIEWS,
    "responses": {204: OpenApiResponse(None, "The tag is gone.")},
}
