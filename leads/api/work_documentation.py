"""What the OpenAPI description says of calls about notes and follow-ups."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from accounts.api.documentation import LOCATION, example, list_parameters, listing
from core.api.description import ETAG, PRECONDITIONS, READS_VERSION, answer, error_answer
from leads.api.work_filters import FollowUpFilter, NoteFilter, OwnFollowUpFilter
from leads.api.work_serializers import (
    FollowUpChange,
    FollowUpSerializer,
    NewFollowUp,
    NoteBody,
    NoteSerializer,
)

WORK = ["Notes and follow-ups"]
ARJUN = {"id": 7, "name": "Arjun Rao"}
NOTE = {
    "id": 31,
    "lead": "L00000042",
    "text": "She asks for a call on Monday. @Leela Nair",
    "author": ARJUN,
    "created": "2026-01-15T09:30:00+00:00",
    "corrected": None,
}
FOLLOW_UP = {
    "id": 12,
    "lead": "L00000042",
    "what": "Call her back",
    "due_at": "2026-01-19T05:30:00+00:00",
    "assignee": ARJUN,
    "author": ARJUN,
    "done": False,
    "done_at": None,
    "done_by": None,
    "created": "2026-01-15T09:30:00+00:00",
}
WRONG_TEXT = error_answer("The call is wrong.", "blank", "Write something.", "text")
WRONG_DUE = error_answer(
    "The call is wrong: each problem, with its place.",
    "min",
    "This time has passed. Choose one to come.",
    "due_at",
)
NOT_THE_AUTHOR = error_answer(
    "You may not change it.", "permission_denied", "Only its author changes a note. Write one of your own."
)

LIST_NOTES = listing(
    "list_lead_notes",
    "The notes of a lead",
    WORK,
    NoteSerializer,
    NOTE,
    NoteFilter,
    "`created`, the newest first",
)
CREATE_NOTE: dict[str, Any] = {
    "operation_id": "create_lead_note",
    "summary": "Write a note on a lead",
    "description": "Who may edit the lead may. Colleagues whom it mentions are told.",
    "tags": WORK,
    "request": NoteBody,
    "examples": [example("a note", {"text": NOTE["text"]})],
    "parameters": [LOCATION, ETAG],
    "responses": {201: answer(NoteSerializer, "The note.", NOTE), 400: WRONG_TEXT},
}
READ_NOTE: dict[str, Any] = {
    "operation_id": "read_lead_note",
    "summary": "One note of a lead",
    "tags": WORK,
    "parameters": READS_VERSION,
    "responses": {200: answer(NoteSerializer, "The note.", NOTE)},
}
CORRECT_NOTE: dict[str, Any] = {
    "operation_id": "correct_lead_note",
    "summary": "Correct your note",
    "tags": WORK,
    "parameters": PRECONDITIONS,
    "request": NoteBody,
    "examples": [example("a correction", {"text": "She asks for a call."})],
    "responses": {
        200: answer(NoteSerializer, "The note as it is now.", NOTE),
        400: WRONG_TEXT,
        403: NOT_THE_AUTHOR,
    },
}
WITHDRAW_NOTE: dict[str, Any] = {
    "operation_id": "withdraw_lead_note",
    "summary": "Withdraw your note",
    "tags": WORK,
    "parameters": PRECONDITIONS[:1],
    "responses": {204: OpenApiResponse(None, "The note is withdrawn."), 403: NOT_THE_AUTHOR},
}
LIST_FOLLOW_UPS = listing(
    "list_lead_follow_ups",
    "The follow-ups of a lead",
    WORK,
    FollowUpSerializer,
    FOLLOW_UP,
    FollowUpFilter,
    "`due`, the first due first",
)
CREATE_FOLLOW_UP: dict[str, Any] = {
    "operation_id": "create_lead_follow_up",
    "summary": "Plan a follow-up of a lead",
    "description": "For yourself, unless `assignee` names somebody else, who is told.",
    "tags": WORK,
    "request": NewFollowUp,
    "examples": [example("a call", {"what": "Call her back", "due_at": "2026-01-19T11:00:00+05:30"})],
    "parameters": [LOCATION, ETAG],
    "responses": {201: answer(FollowUpSerializer, "The follow-up.", FOLLOW_UP), 400: WRONG_DUE},
}
READ_FOLLOW_UP: dict[str, Any] = {
    "operation_id": "read_lead_follow_up",
    "summary": "One follow-up of a lead",
    "tags": WORK,
    "parameters": READS_VERSION,
    "responses": {200: answer(FollowUpSerializer, "The follow-up.", FOLLOW_UP)},
}
CHANGE_FOLLOW_UP: dict[str, Any] = {
    "operation_id": "change_lead_follow_up",
    "summary": "Change a follow-up: done, open again, another time, somebody else",
    "description": "What is not given stays.",
    "tags": WORK,
    "parameters": PRECONDITIONS,
    "request": FollowUpChange,
    "examples": [example("done", {"done": True})],
    "responses": {
        200: answer(
            FollowUpSerializer,
            "The follow-up as it is now.",
            {**FOLLOW_UP, "done": True, "done_at": "2026-01-19T05:41:00+00:00", "done_by": ARJUN},
        ),
        400: WRONG_DUE,
    },
}
WITHDRAW_FOLLOW_UP: dict[str, Any] = {
    "operation_id": "withdraw_lead_follow_up",
    "summary": "Withdraw a follow-up that you planned",
    "tags": WORK,
    "parameters": PRECONDITIONS[:1],
    "responses": {
        204: OpenApiResponse(None, "The follow-up is withdrawn."),
        403: error_answer(
            "You may not change it.",
            "permission_denied",
            "Only who planned a follow-up withdraws it. Mark it as done instead.",
        ),
    },
}
LIST_OWN_FOLLOW_UPS = {
    **LIST_FOLLOW_UPS,
    "operation_id": "list_own_follow_ups",
    "summary": "What you have to do",
    "description": "Your open follow-ups, of all leads that you see.",
    "parameters": list_parameters(OwnFollowUpFilter, "`due`, the first due first"),
}
