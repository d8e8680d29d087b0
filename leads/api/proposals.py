"""Calls about fields from a spreadsheet: a file is looked at, its fields are proposed, and a line is made of them."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Area
from core.api.calls import Call
from core.api.jobs import written_job
from core.api.replays import KeptResponse
from core.errors import ValidationFailed
from core.models import Job, JobState
from leads.api import proposal_documentation
from leads.api.proposal_serializers import ApplyBody, ProposalUploadBody
from leads.api.views import actor_of
from leads.proposals.proposal import Proposal
from leads.proposals.written import written_proposal
from leads.queries.proposals import facts_of, get_proposal_job
from leads.services.proposing import proposal_of
from leads.services.stored_proposals import publish_proposed, receive_proposed


class ProposalListView(Call):
    """Fields from a spreadsheet."""

    parser_classes = [MultiPartParser]

    @extend_schema(**proposal_documentation.CREATE_PROPOSAL)
    def post(self, request: Request) -> Response:
        """Take a file, and have a job look at its columns."""
        actor = actor_of(request)
        actor.require(Area.CONFIGURATION, "write")
        body = ProposalUploadBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        job = receive_proposed(
            actor=actor,
            filename=given["file"].name or "file",
            chunks=given["file"].chunks(),
            line_code=given.get("line", ""),
        )
        written = _written(request, job)
        return Response(written, status=status.HTTP_201_CREATED, headers={"Location": written["address"]})


class ProposalView(Call):
    """One proposal."""

    @extend_schema(**proposal_documentation.READ_PROPOSAL)
    def get(self, request: Request, proposal_id: str) -> Response:
        """Tell how far the look at the file is, and then which fields its columns propose."""
        return Response(_written(request, get_proposal_job(actor_of(request), int(proposal_id))))


class ProposalApplyView(Call):
    """Making a line of a proposal."""

    @extend_schema(**proposal_documentation.APPLY_PROPOSAL)
    def post(self, request: Request, proposal_id: str) -> Response:
        """Make the line, if need be, add the fields to it, and publish it."""
        actor = actor_of(request)
        job = get_proposal_job(actor, int(proposal_id))
        body = ApplyBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        code = given.get("line") or job.parameters["line"]
        if not code:
            raise ValidationFailed(
                "required", "Name the business line in “line”: its code, such as personal_loan."
            )
        proposal = proposal_of(actor, facts_of(job), line_code=code)
        applied = publish_proposed(
            actor=actor,
            job=job,
            line_code=code,
            name=given.get("name", ""),
            definitions=given.get("fields", _definitions(proposal)),
            duplicate_match=given.get("duplicate_match", proposal.duplicate_match),
        )
        applied.line.refresh_from_db()
        schema = reverse("api:line-schema", kwargs={"code": applied.line.code})
        told = {
            "line": applied.line.code,
            "is_new": applied.is_new,
            "version": applied.line.version,
            "added": list(applied.added),
            "kept": list(applied.kept),
            "schema": request.build_absolute_uri(schema),
        }
        return KeptResponse(told, kept=told)


def _definitions(proposal: Proposal) -> list[dict[str, Any]]:
    return [item.definition() for item in proposal.fields if not item.exists]


def _written(request: Request, job: Job) -> dict[str, Any]:
    address = reverse("api:proposal-detail", kwargs={"proposal_id": job.pk})
    proposal = None
    if job.state == JobState.DONE:
        found = proposal_of(actor_of(request), facts_of(job), line_code=job.parameters["line"])
        proposal = written_proposal(found)
    return {
        "id": job.pk,
        "filename": job.parameters["filename"],
        "line": job.parameters["line"] or None,
        "job": written_job(job),
        "proposal": proposal,
        "applied_to": (job.result or {}).get("line"),
        "address": request.build_absolute_uri(address),
    }
