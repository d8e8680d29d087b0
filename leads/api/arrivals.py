"""Calls about watched places and what came to them. Read alone: places are made in the console."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import ChoiceFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.callers import actor_of
from accounts.api.documentation import listing
from accounts.roles import Area
from core.api.description import answer
from core.api.listing import Page
from core.models import IntakeState
from leads.models import Arrival, ArrivalState, PlaceKind, WatchedPlace
from leads.queries.arrivals import outcome_of, visible_arrivals, visible_places

TAGS = ["Imports"]
MOST = 1_000
OUTCOMES = [(each, each) for each in sorted({*IntakeState.values, *ArrivalState.values, "discarded"})]
PLACE = {
    "id": 2,
    "name": "Files of the website",
    "kind": "folder",
    "line": "loan",
    "source": "Website",
    "paused": False,
    "loads_known": True,
    "looked_at": "2026-01-15T09:30:00+00:00",
    "error": "",
    "failing_since": None,
    "last_arrival_at": "2026-01-15T09:00:00+00:00",
}
ARRIVAL = {
    "id": 31,
    "place": 2,
    "name": "people.csv",
    "size": 20_480,
    "sender": "",
    "subject": "",
    "outcome": "waiting",
    "code": "drift",
    "reason": "Its columns only resemble those of a saved mapping. Say how they are read.",
    "at": "2026-01-15T09:00:00+00:00",
    "times": 1,
    "import": "https://leads.example.com/api/v1/imports/12/",
}


class WatchedPlaceSerializer(serializers.Serializer[Any]):
    """A place where files come from by themselves."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=PlaceKind.choices)
    line = serializers.CharField(help_text="The code of its business line.")
    source = serializers.CharField(allow_null=True)
    paused = serializers.BooleanField()
    loads_known = serializers.BooleanField(help_text="Whether files with known columns load by themselves.")
    looked_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_blank=True, help_text="Why the last look failed.")
    failing_since = serializers.DateTimeField(allow_null=True)
    last_arrival_at = serializers.DateTimeField(allow_null=True)


class WatchedPlacesSerializer(serializers.Serializer[Any]):
    """All places, by name."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = WatchedPlaceSerializer(many=True)


class ArrivalSerializer(serializers.Serializer[Any]):
    """A file that came by itself."""

    id = serializers.IntegerField()
    place = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sender = serializers.CharField(allow_blank=True)
    subject = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    code = serializers.CharField(allow_blank=True, help_text="Why it waits or was not taken.")
    reason = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    times = serializers.IntegerField(help_text="How often the very same came.")

    def get_fields(self) -> dict[str, Any]:
        """`import` is no name that Python lets one write."""
        return {**super().get_fields(), "import": serializers.URLField(allow_null=True)}


class ArrivalFilter(FilterSet):
    """By place, and by what became of it at first."""

    place = NumberFilter(field_name="place_id", min_value=1, max_value=2**62)
    state = ChoiceFilter(choices=ArrivalState.choices)

    class Meta:
        model = Arrival
        fields = ("place", "state")


class WatchedPlaceListView(APIView):
    """Where files come from by themselves."""

    @extend_schema(
        operation_id="list_watched_places",
        summary="Where files come from by themselves",
        tags=TAGS,
        responses={
            200: answer(
                WatchedPlacesSerializer, "The places.", {"next": None, "previous": None, "results": [PLACE]}
            )
        },
    )
    def get(self, request: Request) -> Response:
        """List the watched places, with how the last look went."""
        actor = actor_of(request)
        actor.require(Area.CONFIGURATION, "read")
        results = [_place(place) for place in visible_places(actor)[:MOST]]
        return Response({"next": None, "previous": None, "results": results})


class ArrivalListView(APIView):
    """What came by itself."""

    @extend_schema(
        **listing(
            "list_arrivals",
            "What came to watched places",
            TAGS,
            ArrivalSerializer,
            ARRIVAL,
            ArrivalFilter,
            "`at`, the newest first",
        )
    )
    def get(self, request: Request) -> Response:
        """List what came, the newest first."""
        actor = actor_of(request)
        actor.require(Area.LEAD_FILES, "read")
        rows: QuerySet[Arrival] = visible_arrivals(actor)
        page = Page(request, rows, filters=ArrivalFilter, orderings={"at": ("-id",)})
        return Response(page.answer([_arrival(request, row) for row in page.rows]))


def _place(place: WatchedPlace) -> dict[str, Any]:
    told: Any = place
    return {
        "id": place.pk,
        "name": place.name,
        "kind": place.kind,
        "line": place.line.code,
        "source": place.source.name if place.source else None,
        "paused": place.is_paused,
        "loads_known": place.loads_known,
        "looked_at": _moment(told.looked_at),
        "error": told.look_error or "",
        "failing_since": _moment(told.failing_since),
        "last_arrival_at": _moment(told.last_arrival_at),
    }


def _arrival(request: Request, arrival: Arrival) -> dict[str, Any]:
    is_there = arrival.intake is not None and arrival.intake.deleted_at is None
    address = reverse("api:import-detail", kwargs={"intake_id": arrival.intake_id}) if is_there else None
    return {
        "id": arrival.pk,
        "place": arrival.place_id,
        "name": arrival.name,
        "size": arrival.size,
        "sender": arrival.sender,
        "subject": arrival.subject,
        "outcome": outcome_of(arrival),
        "code": arrival.code,
        "reason": arrival.reason,
        "at": arrival.at.isoformat(),
        "times": arrival.times,
        "import": request.build_absolute_uri(address) if address else None,
    }


def _moment(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
