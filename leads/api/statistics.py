"""Calls that give figures of a line: what its leads hold, and how good they are."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.roles import Area
from core.api.calls import Call
from core.api.description import answer, error_answer
from core.api.files import file_answer
from core.api.jobs import EXAMPLE as JOB
from core.api.jobs import JobSerializer, written_job
from core.errors import FieldError, ValidationFailed
from core.files_out import csv_chunks
from leads.api.exports import AnyFormatView
from leads.api.filters import refuse_unknown_parameters
from leads.models import BusinessLine
from leads.queries.lines import get_line
from leads.queries.statistics.asking import PARAMETERS, LineFigures, read_asked
from leads.queries.statistics.counted import FIELD, FILLED, QUALITY, STATES, Counted, counted_figures
from leads.queries.statistics.overview import line_overview
from leads.queries.statistics.tables import Table, field_table, filled_table, quality_table
from leads.services.statistics.counting import count_figures

TAGS = ["Statistics"]
FILTERS = {"created__gte": "2026-01-01", "data.city": "Pune"}
SHARE = {"count": 120, "share": "40.0", "filters": FILTERS}


class FigureSerializer(serializers.Serializer[Any]):
    """How many leads, and which."""

    label = serializers.CharField(required=False)
    count = serializers.IntegerField()
    share = serializers.CharField(
        allow_blank=True, help_text="Per cent, to a tenth; blank where there is nothing."
    )
    filters = serializers.DictField(
        allow_null=True, help_text="Parameters with which `GET /leads` lists just these leads, beside `line`."
    )


class FilledSerializer(serializers.Serializer[Any]):
    """How many leads have a field filled."""

    name = serializers.CharField()
    label = serializers.CharField()
    is_retired = serializers.BooleanField()
    filled = FigureSerializer()
    empty = FigureSerializer()


class FieldFiguresSerializer(serializers.Serializer[Any]):
    """What leads hold in one field."""

    name = serializers.CharField()
    label = serializers.CharField()
    kind = serializers.CharField()
    leads = serializers.IntegerField()
    filled = FigureSerializer()
    empty = FigureSerializer()
    distinct = serializers.IntegerField(
        allow_null=True, help_text="Exact; null where values are not compared."
    )
    summary = serializers.ListField(
        child=serializers.DictField(),
        help_text="Least, percentiles by nearest rank, most, mean; `exact` is the number.",
    )
    bars = FigureSerializer(many=True, help_text="The most frequent values, or a histogram.")
    others = FigureSerializer(allow_null=True)
    shape = serializers.ChoiceField(choices=["histogram", "ranking"])
    how = serializers.ListField(child=serializers.CharField(), help_text="How it is counted.")


class OverviewSerializer(serializers.Serializer[Any]):
    """How many leads, by day of creation, status, stage and source."""

    leads = serializers.IntegerField()
    filters = serializers.DictField()
    status = FigureSerializer(many=True)
    stage = FigureSerializer(many=True)
    source = FigureSerializer(many=True)
    created = FigureSerializer(many=True)
    how = serializers.ListField(child=serializers.CharField())


class StatisticsSerializer(serializers.Serializer[Any]):
    """Statistics of a line."""

    line = serializers.CharField()
    asked = serializers.DictField(help_text="The parameters that were understood.")
    state = serializers.ChoiceField(
        choices=STATES,
        help_text="`not_counted`: too many leads to read at once; POST to have them counted, then ask again.",
    )
    counted_at = serializers.DateTimeField(allow_null=True, help_text="As of when `counted` figures hold.")
    overview = OverviewSerializer(required=False)
    fields = FilledSerializer(many=True, required=False)  # type: ignore[assignment]
    field = FieldFiguresSerializer(required=False)


class QualityPartSerializer(serializers.Serializer[Any]):
    """How many leads are good in one way; `filters` list those that are not."""

    count = serializers.IntegerField()
    share = serializers.CharField(allow_blank=True)
    flawed = serializers.IntegerField()
    filters = serializers.DictField()


class QualityRowSerializer(serializers.Serializer[Any]):
    """The quality of some leads."""

    label = serializers.CharField(required=False)
    leads = serializers.IntegerField()
    good = FigureSerializer(help_text="Complete, valid and unduplicated.")
    meets_target = serializers.BooleanField()
    complete = QualityPartSerializer()
    valid = QualityPartSerializer()
    unduplicated = QualityPartSerializer()


class LineQualitySerializer(QualityRowSerializer):
    """Data quality of a line. Until its leads were judged once, `judged_at` is null and figures are left out."""

    line = serializers.CharField()
    asked = serializers.DictField()
    state = serializers.ChoiceField(choices=STATES)
    counted_at = serializers.DateTimeField(allow_null=True)
    target = serializers.CharField(help_text="Per cent.")
    judged_at = serializers.DateTimeField(allow_null=True, help_text="Later leads are not among the figures.")
    is_current = serializers.BooleanField(help_text="Whether the line is still as it was then.")
    by_source = QualityRowSerializer(many=True)
    by_month = QualityRowSerializer(many=True)
    reasons = serializers.ListField(child=serializers.DictField(), help_text="The worst first: `field:code`.")
    imports = serializers.DictField(
        allow_null=True, help_text="Rows of files that made no lead, by source and file."
    )
    how = serializers.ListField(child=serializers.CharField())

    def get_fields(self) -> dict[str, Any]:
        """Only what says which figures are meant is always there."""
        fields: dict[str, Any] = super().get_fields()
        for name in fields.keys() - {"line", "asked", "state", "counted_at"}:
            fields[name].required = False
        return fields


ASKED = [
    OpenApiParameter(
        "from", OpenApiTypes.DATE, description="First day of creation, in the organisation's timezone."
    ),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day of creation."),
    OpenApiParameter("source", str, description="Name of a source."),
    OpenApiParameter("owner", int, description="Number of a member: their leads."),
    OpenApiParameter("team", int, description="Number of a member: the leads of all below."),
]
FIELD_PARAMETER = OpenApiParameter(
    "field", str, description="A field's key, or an attribute such as `status`."
)
FORMAT = OpenApiParameter("format", str, enum=["json", "csv"], description="The table as a file.")
WRONG = error_answer("The call is wrong.", "not_a_date", "Write a day as 2025-01-31.", "from")
NONE_YET = "Nothing is counted yet, so there is no file. POST to have it counted."
EXAMPLE = {
    "line": "rooftop_solar",
    "asked": {"from": "2026-01-01"},
    "state": "live",
    "counted_at": None,
    "field": {
        "name": "data.city",
        "label": "City",
        "kind": "select",
        "leads": 300,
        "filled": {"label": "Filled", **SHARE},
        "empty": {
            "label": "Empty",
            "count": 180,
            "share": "60.0",
            "filters": {"data.city__is_empty": "true"},
        },
        "distinct": 1,
        "summary": [],
        "bars": [{"label": "Pune", **SHARE, "share": "100.0"}],
        "others": None,
        "shape": "ranking",
        "how": ["Shares of values are of the leads that have one."],
    },
}
PART = {"count": 290, "share": "96.7", "flawed": 10, "filters": {"flaw": "incomplete"}}
ROW = {
    "leads": 300,
    "good": {"count": 285, "share": "95.0", "filters": {"flaw__is_empty": "true"}},
    "meets_target": False,
    "complete": PART,
    "valid": PART,
    "unduplicated": PART,
}
QUALITY_EXAMPLE = {
    "line": "rooftop_solar",
    "asked": {},
    "state": "live",
    "counted_at": None,
    "target": "98.5",
    "judged_at": "2026-01-15T09:30:00+00:00",
    "is_current": True,
    **ROW,
    "by_source": [{"label": "Website", "source": "Website", **ROW}],
    "by_month": [{"label": "Jan 2026", "month": "2026-01-01", **ROW}],
    "reasons": [{"reason": "mobile:required", "label": "Mobile", "words": "Is not filled.", "count": 10,
                 "share": "3.3", "filters": {"flaw": "mobile:required"}}],
    "imports": {"rejected": 3, "duplicate": 1, "by_source": [], "by_file": []},
    "how": ["Valid: what the lead holds is still allowed by the fields that are in force now."],
}  # fmt: skip


class _FiguresView(AnyFormatView, Call):
    """What both calls have in common."""

    def _asked(self, request: Request, code: str, *more: str) -> tuple[Actor, BusinessLine, LineFigures]:
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        line = get_line(actor, code)
        refuse_unknown_parameters(request, (*PARAMETERS, *more))
        return actor, line, LineFigures(actor, line, read_asked(request.query_params.dict()))

    def _told(self, figures: LineFigures, counted: Counted) -> dict[str, Any]:
        return {
            "line": figures.line.code,
            "asked": figures.asked.parameters(),
            "state": counted.state,
            "counted_at": counted.counted_at.isoformat() if counted.counted_at else None,
        }

    def _file(self, request: Request, name: str, table: Table | None) -> HttpResponseBase:
        if table is None:
            raise ValidationFailed("not_counted", NONE_YET, {"format": [FieldError("not_counted", NONE_YET)]})
        return file_answer(request._request, csv_chunks(*table), f"{name}.csv", "text/csv; charset=utf-8")


class LineStatisticsView(_FiguresView):
    """What a line's leads hold."""

    @extend_schema(
        operation_id="read_line_statistics",
        summary="Statistics of a line",
        description=(
            "Of the leads that you see: how many there are, what they have filled, and, with `field`, the values of"
            " one field. Every figure carries the filters with which `GET /leads` lists just its leads."
        ),
        tags=TAGS,
        parameters=[*ASKED, FIELD_PARAMETER, FORMAT],
        responses={
            200: answer(StatisticsSerializer, "The figures.", EXAMPLE),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY, "The table."),
            400: WRONG,
        },
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """Tell what the leads of a line hold."""
        _actor, line, figures = self._asked(request, code, "field", "format")
        what = _what(figures, request.query_params.get("field", ""))
        counted = counted_figures(figures, what)
        found = counted.figures
        if request.query_params.get("format") == "csv":
            table = filled_table if what == FILLED else field_table
            return self._file(request, f"{line.code}-statistics", table(found) if found else None)
        told = self._told(figures, counted)
        if what == FILLED:
            told |= {"overview": line_overview(figures), "fields": found["fields"] if found else []}
        elif found:
            told["field"] = found
        return Response(told)

    @extend_schema(
        operation_id="count_line_statistics",
        summary="Have statistics counted",
        description="For lines with so many leads that a call cannot read them. Ask again when the job is done.",
        tags=TAGS,
        parameters=[*ASKED, FIELD_PARAMETER],
        request=None,
        responses={202: answer(JobSerializer, "The job.", JOB), 400: WRONG},
    )
    def post(self, request: Request, code: str) -> Response:
        """Have a job count what `GET` of the same address tells."""
        actor, line, figures = self._asked(request, code, "field")
        what = _what(figures, request.query_params.get("field", ""))
        job = count_figures(actor=actor, line=line, asked=figures.asked, what=what)
        return Response(written_job(job), status=status.HTTP_202_ACCEPTED)


class LineQualityView(_FiguresView):
    """How good a line's leads are."""

    @extend_schema(
        operation_id="read_line_quality",
        summary="Data quality of a line",
        description=(
            "Which share of the leads that you see is complete, valid and unduplicated, against the line's target,"
            " by source and by month, and what is wrong most often. Leads are judged by a job each night."
        ),
        tags=TAGS,
        parameters=[*ASKED, FORMAT],
        responses={
            200: answer(LineQualitySerializer, "The figures.", QUALITY_EXAMPLE),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY, "The table."),
            400: WRONG,
        },
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """Tell how good the leads of a line are."""
        _actor, line, figures = self._asked(request, code, "format")
        counted = counted_figures(figures, QUALITY)
        found = counted.figures
        if request.query_params.get("format") == "csv":
            is_there = found and found["judged_at"]
            return self._file(
                request, f"{line.code}-quality", quality_table(found) if found and is_there else None
            )
        return Response(self._told(figures, counted) | (found or {}))

    @extend_schema(
        operation_id="count_line_quality",
        summary="Have data quality counted",
        description="For lines with so many leads that a call cannot read them. Ask again when the job is done.",
        tags=TAGS,
        parameters=ASKED,
        request=None,
        responses={202: answer(JobSerializer, "The job.", JOB), 400: WRONG},
    )
    def post(self, request: Request, code: str) -> Response:
        """Have a job count what `GET` of the same address tells."""
        actor, line, figures = self._asked(request, code)
        job = count_figures(actor=actor, line=line, asked=figures.asked, what=QUALITY)
        return Response(written_job(job), status=status.HTTP_202_ACCEPTED)


def _what(figures: LineFigures, name: str) -> str:
    if not name:
        return FILLED
    entry = figures.entry(name)
    if entry is None:
        message = "No field of this line with this key is visible to you."
        raise ValidationFailed("choice", message, {"field": [FieldError("choice", message)]})
    return FIELD + entry.name
