"""Calls about who is away."""

from typing import Any

import django_filters as filters
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.api.documentation import LOCATION, PEOPLE, example, listing
from accounts.api.filters import LARGEST_ID, MemberNumberFilter
from accounts.api.presentation import person
from accounts.api.serializers import ReferredPersonSerializer
from accounts.models import Absence, Membership
from accounts.queries.calendar import absentees, get_absence, visible_absences
from accounts.roles import Area
from accounts.services.absences import LONGEST_NOTE, change_absence, enter_absence, withdraw_absence
from core.api.calls import Call
from core.api.description import answer, error_answer
from core.api.listing import Page
from core.api.serializers import Body, TextField
from core.errors import FieldError, ValidationFailed

ORDERS = {"first_day": ("first_day", "id"), "last_day": ("last_day", "id"), "id": ("id",)}
ABSENCE = {
    "id": 12,
    "member": {"id": 7, "name": "Asha Rao"},
    "first_day": "2026-12-24",
    "last_day": "2026-12-31",
    "note": "Family visit",
    "deputy": {"id": 9, "name": "Bina Shah"},
}
WRONG = error_answer(
    "The call is wrong.", "overlap", "An absence from 24 Dec 2026 to 31 Dec 2026 is there already. Change that one.",
    "first_day",
)  # fmt: skip


class AbsenceFilter(filters.FilterSet):
    """Of absences."""

    member = MemberNumberFilter(field_name="membership", label="The number of the member.")
    on = filters.DateFilter(method="covering", label="Those that hold on this day.")
    since = filters.DateFilter(field_name="last_day", lookup_expr="gte", label="Not over before this day.")
    until = filters.DateFilter(field_name="first_day", lookup_expr="lte", label="Begun by this day.")

    class Meta:
        model = Absence
        fields: tuple[str, ...] = ()

    def covering(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(first_day__lte=value, last_day__gte=value)


def _number(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, **options)


class AbsenceChange(Body):
    """What changes about an absence."""

    first_day = serializers.DateField(required=False)
    last_day = serializers.DateField(required=False, help_text="This day included.")
    note = TextField(required=False, allow_blank=True, max_length=LONGEST_NOTE)
    deputy = _number(required=False, allow_null=True, help_text="The number of a colleague; null for nobody.")


class NewAbsence(AbsenceChange):
    """An absence to enter."""

    member = _number(required=False, help_text="The number of the member; without it, yourself.")
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text="This day included.")


class AbsenceSerializer(serializers.Serializer[Any]):
    """That somebody is away."""

    id = serializers.IntegerField()
    member = ReferredPersonSerializer()
    first_day = serializers.DateField()
    last_day = serializers.DateField(help_text="This day included.")
    note = serializers.CharField(allow_blank=True)
    deputy = ReferredPersonSerializer(allow_null=True)


class AbsenceListView(Call):
    """The absences."""

    @extend_schema(
        **listing(
            "list_absences", "Who is away", PEOPLE, AbsenceSerializer, ABSENCE, AbsenceFilter,
            "`first_day`, `last_day`, `id`",
            description="Your own, those of people whose leads you read, and those in which you are the deputy.",
        )
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the absences that you may see."""
        actor = _actor(request, "read")
        page = Page(request, visible_absences(actor), filters=AbsenceFilter, orderings=ORDERS)
        return Response(page.answer([_payload(row) for row in page.rows]))

    @extend_schema(
        operation_id="create_absence",
        summary="Say that somebody is away",
        description="Yourself, or somebody to whom you may give leads. Assignment rules pass over who is away.",
        tags=PEOPLE,
        request=NewAbsence,
        parameters=[LOCATION],
        examples=[example("a leave", {"first_day": "2026-12-24", "last_day": "2026-12-31", "note": "Leave"})],
        responses={201: answer(AbsenceSerializer, "The absence.", ABSENCE), 400: WRONG},
    )
    def post(self, request: Request) -> Response:
        """Enter an absence."""
        actor = _actor(request)
        given = _valid(NewAbsence(data=request.data))
        member = _member(actor, "member", given.pop("member", None)) or actor.membership
        if member is None:
            raise _no_member("member")
        if "deputy" in given:
            given["deputy"] = _deputy(given["deputy"])
        row = enter_absence(actor=actor, membership=member, **given)
        address = request.build_absolute_uri(reverse("api:absence-detail", kwargs={"absence_id": row.pk}))
        return Response(_payload(row), status=status.HTTP_201_CREATED, headers={"Location": address})


class AbsenceView(Call):
    """One absence."""

    @extend_schema(
        operation_id="read_absence",
        summary="One absence",
        tags=PEOPLE,
        responses={200: answer(AbsenceSerializer, "The absence.", ABSENCE)},
    )
    def get(self, request: Request, absence_id: str) -> Response:
        """Read one absence."""
        return Response(_payload(get_absence(_actor(request, "read"), int(absence_id))))

    @extend_schema(
        operation_id="change_absence",
        summary="Change an absence",
        description="What is not given stays.",
        tags=PEOPLE,
        request=AbsenceChange,
        examples=[example("a longer one", {"last_day": "2027-01-02"})],
        responses={200: answer(AbsenceSerializer, "The absence as it is now.", ABSENCE), 400: WRONG},
    )
    def patch(self, request: Request, absence_id: str) -> Response:
        """Change what is given of an absence; the rest stays."""
        actor = _actor(request)
        get_absence(actor, int(absence_id))
        changes = _valid(AbsenceChange(data=request.data))
        if "deputy" in changes:
            changes["deputy"] = _deputy(changes["deputy"])
        return Response(_payload(change_absence(actor=actor, absence_id=int(absence_id), changes=changes)))

    @extend_schema(
        operation_id="withdraw_absence", summary="Take an absence back", tags=PEOPLE, responses={204: None}
    )
    def delete(self, request: Request, absence_id: str) -> Response:
        """Take an absence back."""
        withdraw_absence(actor=_actor(request), absence_id=int(absence_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _actor(request: Request, verb: str = "assign") -> Actor:
    """Who calls; a key must hold the right by which its owner reads, or enters, absences of others."""
    actor = actor_of(request)
    if actor.is_restricted:
        actor.require(Area.LEADS, verb)
    return actor


def _valid(body: Body) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _member(actor: Actor, name: str, number: int | None) -> Membership | None:
    if number is None:
        return None
    member = absentees(actor).filter(pk=number).first()
    if member is None:
        raise _no_member(name)
    return member


def _deputy(number: int | None) -> Membership | None:
    """The member of that number; whether it is one who may be the deputy, the service says."""
    if number is None:
        return None
    member = Membership.objects.filter(pk=number).select_related("user").first()
    if member is None:
        raise _no_member("deputy")
    return member


def _no_member(name: str) -> ValidationFailed:
    message = "Choose yourself, or somebody of your team."
    if name == "deputy":
        message = "Choose a colleague of the same team, or its leader."
    return ValidationFailed("choice", message, {name: [FieldError("choice", message)]})


def _payload(row: Absence) -> dict[str, Any]:
    return {
        "id": row.pk,
        "member": person(row.membership),
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "note": row.note,
        "deputy": person(row.deputy),
    }
