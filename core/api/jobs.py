"""Calls about long tasks."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.calls import Call
from core.models import Job, JobState
from core.queries.jobs import visible_job

EXAMPLE = {
    "id": 12,
    "kind": "core.intake.load",
    "title": "Import of enquiries.xlsx",
    "state": "running",
    "done": 20_000,
    "total": 91_240,
    "percent": 21,
    "error": "",
    "created": "2026-01-15T09:30:00+00:00",
    "started": "2026-01-15T09:30:01+00:00",
    "finished": None,
}


class JobSerializer(serializers.Serializer[Any]):
    """A long task."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField(min_value=0, help_text="Of `total`.")
    total = serializers.IntegerField(allow_null=True, help_text="Null while that is not known.")
    percent = serializers.IntegerField(allow_null=True, min_value=0, max_value=100)
    error = serializers.CharField(allow_blank=True, help_text="Why it failed.")
    created = serializers.DateTimeField()
    started = serializers.DateTimeField(allow_null=True)
    finished = serializers.DateTimeField(allow_null=True)


class JobView(Call):
    """One long task."""

    @extend_schema(
        operation_id="read_job",
        summary="How far a long task is",
        tags=["Jobs"],
        responses={
            200: OpenApiResponse(
                JobSerializer, "The task.", [OpenApiExample("running", value=EXAMPLE, response_only=True)]
            )
        },
    )
    def get(self, request: Request, job_id: str) -> Response:
        """Tell how far a task is: one of yours, or of an area that is all yours to read."""
        actor = request._request.actor  # type: ignore[attr-defined]
        return Response(written_job(visible_job(actor, int(job_id))))


def written_job(job: Job) -> dict[str, Any]:
    """Return a job as it is answered."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "percent": job.percent,
        "error": job.error,
        "created": job.created_at.isoformat(),
        "started": job.started_at.isoformat() if job.started_at else None,
        "finished": job.finished_at.isoformat() if job.finished_at else None,
    }
