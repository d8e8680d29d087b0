"""Calls that give lists of leads as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.callers import actor_of
from core.api.description import answer, error_answer
from core.api.files import file_answer
from core.models import Job, JobState
from leads.api.documentation import CURSOR, LIST_PARAMETERS, PAGE_SIZE, WRONG_FILTER
from leads.api.filters import read_list_query
from leads.queries.exports import export_file, get_export
from leads.services.exports import CONTENT_TYPES, StreamedExport, export_leads

TAGS = ["Exports"]
CHUNK = 64 * 1024
EXAMPLE = {
    "id": 12,
    "state": "running",
    "done": 20_000,
    "total": 91_240,
    "error": "",
    "address": "https://leads.example.com/api/v1/exports/12/",
    "file": None,
}
FILES = {(200, kind): OpenApiResponse(OpenApiTypes.BINARY, "The file.") for kind in CONTENT_TYPES.values()}


class ExportSerializer(serializers.Serializer[Any]):
    """An export that a job writes."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField(help_text="Leads written so far.")
    total = serializers.IntegerField(allow_null=True, help_text="Null while that is not known.")
    error = serializers.CharField(allow_blank=True, help_text="Why it failed.")
    address = serializers.URLField(help_text="Tells how far the export is.")
    file = serializers.URLField(
        allow_null=True, help_text="Null until the file is there, and after it has expired."
    )


PARAMETERS = [
    OpenApiParameter("format", str, required=True, enum=list(CONTENT_TYPES)),
    OpenApiParameter(
        "columns",
        str,
        description="Attributes and `data.<key>`, between commas, in the order of the file. Without it: all.",
    ),
    *(each for each in LIST_PARAMETERS if each not in (CURSOR, PAGE_SIZE)),
]
NOT_READY = error_answer(
    "The file is not there yet.", "not_ready", "The export is still being written. Try again in a moment."
)


class AnyFormatView(APIView):
    """A view that answers with what it has, whatever the call says it accepts."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Let a call that accepts nothing but the file have its errors in JSON."""
        return super().perform_content_negotiation(request, force=True)


class LeadExportView(AnyFormatView):
    """A list of leads as a file."""

    @extend_schema(
        operation_id="export_leads",
        summary="Leads, as a file",
        description=(
            "The leads of the same list, with the same columns, as CSV or as a workbook. Up to 5,000 leads come"
            " at once; more are written by a job, whose address is in the answer."
        ),
        tags=TAGS,
        parameters=PARAMETERS,
        responses={
            **FILES,
            202: answer(ExportSerializer, "Too many to wait for: a job writes them.", EXAMPLE),
            400: WRONG_FILTER,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Export leads: at once where they are few, else by a job."""
        actor = actor_of(request)
        given = request.query_params
        columns = [key for text in given.getlist("columns") for key in text.split(",") if key.strip()]
        export = export_leads(
            actor=actor,
            query=read_list_query(actor, request, beside=("format", "columns")),
            file_type=given.get("format", ""),
            columns=columns or None,
        )
        if isinstance(export, StreamedExport):
            return file_answer(request._request, export.chunks, export.filename, export.content_type)
        return Response(_written(request, export), status=status.HTTP_202_ACCEPTED)


class ExportView(APIView):
    """One export."""

    @extend_schema(
        operation_id="read_export",
        summary="How far an export is",
        tags=TAGS,
        responses={200: answer(ExportSerializer, "The export.", EXAMPLE)},
    )
    def get(self, request: Request, job_id: str) -> Response:
        """Tell how far an export of yours is, and where its file will be."""
        return Response(_written(request, get_export(actor_of(request), int(job_id))))


class ExportFileView(AnyFormatView):
    """The file of an export."""

    @extend_schema(
        operation_id="fetch_export",
        summary="The file of an export",
        tags=TAGS,
        responses={**FILES, 409: NOT_READY},
    )
    def get(self, request: Request, job_id: str) -> HttpResponseBase:
        """Fetch the file of an export of yours."""
        file = export_file(actor_of(request), int(job_id))
        return file_answer(request._request, _pieces(file.path), file.filename, file.content_type)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _written(request: Request, job: Job) -> dict[str, Any]:
    def address(name: str) -> str:
        return request.build_absolute_uri(reverse(name, kwargs={"job_id": job.pk}))

    has_file = job.state == JobState.DONE and "file" in (job.result or {})
    return {
        "id": job.pk,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "error": job.error,
        "address": address("api:export-detail"),
        "file": address("api:export-file") if has_file else None,
    }
