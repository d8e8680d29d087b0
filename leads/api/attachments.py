"""Calls about what is attached to leads. The bytes are read as those of any kept file (`files/{id}/content`)."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import Call
from core.api.etags import precondition_of, tagged
from core.api.listing import Page
from leads.api import attachment_documentation as documentation
from leads.api.attachment_serializers import AttachmentFilter, NewAttachment
from leads.fields.kept_files import value_of
from leads.models import Lead, LeadAttachment
from leads.presentation import LeadReader
from leads.queries.attachments import attachment_label, get_attachment, is_open, lead_attachments
from leads.queries.leads import get_lead
from leads.services.attachments import attach_file, remove_attachment


class AttachmentListView(Call):
    """What is attached to a lead."""

    parser_classes = (MultiPartParser,)

    @extend_schema(**documentation.LIST_ATTACHMENTS)
    def get(self, request: Request, reference: str) -> Response:
        """List what is attached to a lead, the newest first."""
        actor, lead = _lead_of(request, reference, "read")
        rows = lead_attachments(lead)
        page = Page(request, rows, filters=AttachmentFilter, orderings={"created": ("-id",)})
        reader = LeadReader(actor)
        return Response(page.answer([_shown(reader, lead, row) for row in page.rows]))

    @extend_schema(**documentation.CREATE_ATTACHMENT)
    def post(self, request: Request, reference: str) -> Response:
        """Attach a file to a lead."""
        actor, lead = _lead_of(request, reference, "write")
        body = NewAttachment(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        attached = attach_file(
            actor=actor,
            reference=reference,
            kind=given["kind"],
            label=given.get("label", ""),
            filename=given["file"].name or "",
            chunks=given["file"].chunks(),
        )
        where = {"reference": reference, "attachment_id": attached.attachment.pk}
        address = request.build_absolute_uri(reverse("api:attachment-detail", kwargs=where))
        answer = _shown(LeadReader(actor), lead, attached.attachment)
        code = status.HTTP_201_CREATED if attached.is_new else status.HTTP_200_OK
        return tagged(Response(answer, status=code, headers={"Location": address}))


class AttachmentView(Call):
    """One attachment of a lead."""

    @extend_schema(**documentation.READ_ATTACHMENT)
    def get(self, request: Request, reference: str, attachment_id: str) -> Response:
        """Read what is attached."""
        actor, lead = _lead_of(request, reference, "read")
        return tagged(Response(_current(actor, lead, int(attachment_id))))

    @extend_schema(**documentation.REMOVE_ATTACHMENT)
    def delete(self, request: Request, reference: str, attachment_id: str) -> Response:
        """Take an attachment away."""
        actor, lead = _lead_of(request, reference, "write")
        number = int(attachment_id)
        precondition = precondition_of(request, lambda: _current(actor, lead, number))
        remove_attachment(actor=actor, reference=reference, attachment_id=number, precondition=precondition)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _lead_of(request: Request, reference: str, verb: str) -> tuple[Actor, Lead]:
    actor = actor_of(request)
    actor.require(Area.LEADS, verb)
    return actor, get_lead(actor, reference, verb=verb)


def _current(actor: Actor, lead: Lead, number: int) -> dict[str, Any]:
    return _shown(LeadReader(actor), lead, get_attachment(lead, number))


def _shown(reader: LeadReader, lead: Lead, attachment: LeadAttachment) -> dict[str, Any]:
    opens = is_open(reader, lead, attachment)
    return {
        "id": attachment.pk,
        "lead": lead.reference,
        "kind": attachment.kind,
        "label": attachment_label(reader, lead, attachment),
        "file": value_of(attachment.file) if opens else None,
        "author": {"id": attachment.author_id, "name": str(attachment.author)} if attachment.author else None,
        "created": attachment.created_at.isoformat(),
    }
