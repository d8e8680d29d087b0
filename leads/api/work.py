"""Calls about notes and follow-ups of leads."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.models import Membership
from accounts.roles import Area
from core.api.calls import Call
from core.api.etags import precondition_of, tagged
from core.api.listing import Page
from leads.api import work_documentation as documentation
from leads.api.work_filters import FollowUpFilter, NoteFilter, OwnFollowUpFilter
from leads.api.work_serializers import FollowUpChange, NewFollowUp, NoteBody
from leads.models import FollowUp, Lead, Note
from leads.presentation import LeadReader
from leads.queries.follow_ups import follow_up_assignees, get_follow_up, lead_follow_ups, open_by_due
from leads.queries.leads import get_lead
from leads.queries.notes import get_note, lead_notes
from leads.services.follow_ups import change_follow_up, plan_follow_up, withdraw_follow_up
from leads.services.locking import Precondition
from leads.services.notes import correct_note, withdraw_note, write_note

DUE_ORDER = {"due": ("due_at", "id")}


class NoteListView(Call):
    """The notes of a lead."""

    @extend_schema(**documentation.LIST_NOTES)
    def get(self, request: Request, reference: str) -> Response:
        """List the notes of a lead, the newest first."""
        actor, lead = readable(request, reference)
        page = Page(request, lead_notes(lead), filters=NoteFilter, orderings={"created": ("-id",)})
        reader = LeadReader(actor)
        return Response(page.answer([_note(reader, lead, note) for note in page.rows]))

    @extend_schema(**documentation.CREATE_NOTE)
    def post(self, request: Request, reference: str) -> Response:
        """Write a note on a lead."""
        actor, lead = writable(request, reference)
        text = valid(NoteBody(data=request.data))["text"]
        note = write_note(actor=actor, reference=reference, text=text).note
        address = address_of(request, "api:note-detail", reference=reference, note_id=note.pk)
        return created(_note(LeadReader(actor), lead, note), address)


class NoteView(Call):
    """One note of a lead."""

    @extend_schema(**documentation.READ_NOTE)
    def get(self, request: Request, reference: str, note_id: str) -> Response:
        """Read a note."""
        actor, lead = readable(request, reference)
        return tagged(Response(_shown_note(actor, lead, int(note_id))))

    @extend_schema(**documentation.CORRECT_NOTE)
    def patch(self, request: Request, reference: str, note_id: str) -> Response:
        """Correct a note of one's own."""
        actor, lead = writable(request, reference)
        text = valid(NoteBody(data=request.data))["text"]
        number = int(note_id)
        correct_note(
            actor=actor,
            reference=reference,
            note_id=number,
            text=text,
            precondition=_note_precondition(request, actor, lead, number),
        )
        return tagged(Response(_shown_note(actor, lead, number)))

    @extend_schema(**documentation.WITHDRAW_NOTE)
    def delete(self, request: Request, reference: str, note_id: str) -> Response:
        """Withdraw a note of one's own."""
        actor, lead = writable(request, reference)
        number = int(note_id)
        withdraw_note(
            actor=actor,
            reference=reference,
            note_id=number,
            precondition=_note_precondition(request, actor, lead, number),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowUpListView(Call):
    """The follow-ups of a lead."""

    @extend_schema(**documentation.LIST_FOLLOW_UPS)
    def get(self, request: Request, reference: str) -> Response:
        """List the follow-ups of a lead, the first due first."""
        actor, lead = readable(request, reference)
        page = Page(request, lead_follow_ups(lead), filters=FollowUpFilter, orderings=DUE_ORDER)
        reader = LeadReader(actor)
        return Response(page.answer([_follow_up(reader, lead, row) for row in page.rows]))

    @extend_schema(**documentation.CREATE_FOLLOW_UP)
    def post(self, request: Request, reference: str) -> Response:
        """Plan a follow-up of a lead."""
        actor, lead = writable(request, reference)
        given = valid(NewFollowUp(data=request.data, context={"zone": actor.organization.zone}))
        made = plan_follow_up(actor=actor, reference=reference, **_with_assignee(actor, lead, given))
        address = address_of(request, "api:follow-up-detail", reference=reference, follow_up_id=made.pk)
        return created(_shown_follow_up(actor, lead, made.pk), address)


class FollowUpView(Call):
    """One follow-up of a lead."""

    @extend_schema(**documentation.READ_FOLLOW_UP)
    def get(self, request: Request, reference: str, follow_up_id: str) -> Response:
        """Read a follow-up."""
        actor, lead = readable(request, reference)
        return tagged(Response(_shown_follow_up(actor, lead, int(follow_up_id))))

    @extend_schema(**documentation.CHANGE_FOLLOW_UP)
    def patch(self, request: Request, reference: str, follow_up_id: str) -> Response:
        """Change what is given of a follow-up; the rest stays."""
        actor, lead = writable(request, reference)
        number = int(follow_up_id)
        given = valid(FollowUpChange(data=request.data, context={"zone": actor.organization.zone}))
        change_follow_up(
            actor=actor,
            reference=reference,
            follow_up_id=number,
            changes=_with_assignee(actor, lead, given),
            precondition=_follow_up_precondition(request, actor, lead, number),
        )
        return tagged(Response(_shown_follow_up(actor, lead, number)))

    @extend_schema(**documentation.WITHDRAW_FOLLOW_UP)
    def delete(self, request: Request, reference: str, follow_up_id: str) -> Response:
        """Withdraw a follow-up that one has planned."""
        actor, lead = writable(request, reference)
        number = int(follow_up_id)
        withdraw_follow_up(
            actor=actor,
            reference=reference,
            follow_up_id=number,
            precondition=_follow_up_precondition(request, actor, lead, number),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnFollowUpsView(Call):
    """One's own follow-ups."""

    @extend_schema(**documentation.LIST_OWN_FOLLOW_UPS)
    def get(self, request: Request) -> Response:
        """List what one has to do, the first due first."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        rows = open_by_due(actor).select_related(
            "lead__line", "author__user", "assignee__user", "done_by__user"
        )
        page = Page(request, rows, filters=OwnFollowUpFilter, orderings=DUE_ORDER)
        reader = LeadReader(actor)
        return Response(page.answer([_follow_up(reader, row.lead, row) for row in page.rows]))


def readable(request: Request, reference: str) -> tuple[Actor, Lead]:
    """Return the caller and a lead that the caller sees. Raises NotPermitted, NotVisible."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    return actor, get_lead(actor, reference)


def writable(request: Request, reference: str) -> tuple[Actor, Lead]:
    """Return the caller and a lead that the caller may edit. Raises NotPermitted, NotVisible."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "write")
    return actor, get_lead(actor, reference, verb="write")


def valid(body: Any) -> dict[str, Any]:
    """Return what a body holds. Raises what is wrong with it."""
    body.is_valid(raise_exception=True)
    return body.validated_data


def _with_assignee(actor: Actor, lead: Lead, given: dict[str, Any]) -> dict[str, Any]:
    """What is given, the member in place of the number."""
    if "assignee" not in given:
        return given
    number = given["assignee"]
    if actor.membership is not None and actor.membership.pk == number:
        return {**given, "assignee": actor.membership}
    member = follow_up_assignees(actor, lead).filter(pk=number).first()
    if member is None:
        message = "Nobody with this number may be given follow-ups of this lead by you."
        raise ValidationError({"assignee": [ErrorDetail(message, code="choice")]})
    return {**given, "assignee": member}


def _note_precondition(request: Request, actor: Actor, lead: Lead, number: int) -> Precondition | None:
    return precondition_of(request, lambda: _shown_note(actor, lead, number))


def _follow_up_precondition(request: Request, actor: Actor, lead: Lead, number: int) -> Precondition | None:
    return precondition_of(request, lambda: _shown_follow_up(actor, lead, number))


def _shown_note(actor: Actor, lead: Lead, number: int) -> dict[str, Any]:
    return _note(LeadReader(actor), lead, get_note(lead, number))


def _shown_follow_up(actor: Actor, lead: Lead, number: int) -> dict[str, Any]:
    return _follow_up(LeadReader(actor), lead, get_follow_up(lead, number))


def _note(reader: LeadReader, lead: Lead, note: Note) -> dict[str, Any]:
    return {
        "id": note.pk,
        "lead": lead.reference,
        "text": reader.sentence(lead, note.text),
        "author": person(note.author),
        "created": note.created_at.isoformat(),
        "corrected": note.corrected_at.isoformat() if note.corrected_at else None,
    }


def _follow_up(reader: LeadReader, lead: Lead, follow_up: FollowUp) -> dict[str, Any]:
    return {
        "id": follow_up.pk,
        "lead": lead.reference,
        "what": reader.sentence(lead, follow_up.what),
        "due_at": follow_up.due_at.isoformat(),
        "assignee": person(follow_up.assignee),
        "author": person(follow_up.author),
        "done": follow_up.is_done,
        "done_at": follow_up.done_at.isoformat() if follow_up.done_at else None,
        "done_by": person(follow_up.done_by),
        "created": follow_up.created_at.isoformat(),
    }


def person(member: Membership | None) -> dict[str, Any] | None:
    """Return a member as calls name one."""
    return {"id": member.pk, "name": str(member)} if member else None


def created(shown: dict[str, Any], address: str) -> Response:
    """Answer with what was made and where it is."""
    return tagged(Response(shown, status=status.HTTP_201_CREATED, headers={"Location": address}))


def address_of(request: Request, name: str, **arguments: Any) -> str:
    """Return the whole address of a call."""
    return request.build_absolute_uri(reverse(name, kwargs=arguments))
