"""Calls that hand over what somebody had to do, tell how that goes, and take it back.

A hand-over is a job. The idempotency key of a call is its press, as of changes of many leads (`leads.api.bulk`): the
service keeps what it began, so these views keep no outcome of their own.
"""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.api.documentation import listing
from accounts.api.filters import LARGEST_ID, MemberNumberFilter
from accounts.api.presentation import person
from accounts.api.serializers import ReferredPersonSerializer
from accounts.models import Membership
from accounts.roles import Area
from core.api.calls import press_of
from core.api.description import answer, error_answer
from core.api.listing import Page
from core.api.serializers import Body
from core.errors import Conflict, FieldError, NotPermitted, ValidationFailed
from core.models import Job, JobState
from leads.api.documentation import HOST, LEADS
from leads.models import HandOver, HandOverMethod
from leads.queries.hand_overs import (
    TAKE_BACK_WITHIN,
    get_hand_over,
    handed_members,
    jobs_of,
    may_be_taken_back,
    visible_hand_overs,
)
from leads.services.handing_over import hand_over, take_back
from leads.services.handing_over.asking import AT_ONCE

HANDED = {
    "state": "done",
    "done": 12,
    "total": 12,
    "error": "",
    "counts": {"given": 12, "waiting": 0, "kept": 0},
}
SHOWN = {
    "id": 4,
    "member": {"id": 7, "name": "Arjun Rao"},
    "method": "person",
    "target": {"id": 9, "name": "Bina Shah"},
    "manager": None,
    "by": {"id": 3, "name": "Leela Nair"},
    "at": "2026-01-15T09:30:00+00:00",
    "progress": HANDED,
    "address": f"{HOST}/hand-overs/4",
    "take_back_until": "2026-01-22T09:30:00+00:00",
    "taken_back_at": None,
    "taking_back": None,
}
QUEUED = {
    **SHOWN,
    "progress": {**HANDED, "state": "queued", "done": 0, "total": None, "counts": {}},
    "take_back_until": None,
}
BACK = {
    **SHOWN,
    "take_back_until": None,
    "taken_back_at": "2026-01-16T10:00:00+00:00",
    "taking_back": {**HANDED, "counts": {"given": 11, "kept": 1}},
}
NOBODY_HERE = "Nobody with this number has leads that you may give to others."
NO_RECEIVER = "Choose somebody else who works leads, and to whom you may give some."
NO_MANAGER = "Choose somebody else, with access."


def _number(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_ID, **options)


class HandOverBody(Body):
    """Whose work goes to whom."""

    member = _number(help_text="The number of whose open leads are handed over, with access or without.")
    method = serializers.ChoiceField(
        choices=HandOverMethod.choices,
        help_text="`rules` are for those alone who give leads to everybody.",
    )
    target = _number(
        required=False,
        allow_null=True,
        help_text=(
            "The number of who gets the leads (`person`), of who leads the team that gets them in turn (`team`), or"
            " of who gets what no rule fits (`rules`; without one it stays)."
        ),
    )
    manager = _number(
        required=False,
        allow_null=True,
        help_text="To whom the member's direct reports report from now on; for administrators. Without it: they stay.",
    )


class HandOverProgressSerializer(serializers.Serializer[Any]):
    """How far the job is that hands over, or takes back."""

    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField(help_text="Leads looked at so far.")
    total = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many leads were given so far, wait for people at work, and are kept where they are.",
    )


class HandOverSerializer(serializers.Serializer[Any]):
    """That what somebody had to do was handed over to others."""

    id = serializers.IntegerField()
    member = ReferredPersonSerializer(help_text="From whom.")
    method = serializers.ChoiceField(choices=HandOverMethod.choices)
    target = ReferredPersonSerializer(allow_null=True)
    manager = ReferredPersonSerializer(allow_null=True)
    by = ReferredPersonSerializer()
    at = serializers.DateTimeField()
    progress = HandOverProgressSerializer(
        allow_null=True, help_text="Null where its job is too long ago to be kept."
    )
    address = serializers.URLField(help_text="Tells how far it is.")
    take_back_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when it can be taken back; null where it cannot."
    )
    taken_back_at = serializers.DateTimeField(allow_null=True)
    taking_back = HandOverProgressSerializer(allow_null=True)


class HandOverFilter(FilterSet):
    """Of hand-overs."""

    member = MemberNumberFilter(field_name="source", label="The number of whose work it was.")
    method = ChoiceFilter(choices=HandOverMethod.choices, label="Who got the leads.")

    class Meta:
        model = HandOver
        fields: tuple[str, ...] = ()


class HandOverListView(APIView):
    """What was handed over."""

    @extend_schema(
        **listing(
            "list_hand_overs",
            "What was handed over",
            LEADS,
            HandOverSerializer,
            SHOWN,
            HandOverFilter,
            "`at`, the newest first",
            description="Of people whose leads you may give to others.",
        )
    )
    def get(self, request: Request) -> Response:
        """List hand-overs, the newest first."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "assign")
        page = Page(request, visible_hand_overs(actor), filters=HandOverFilter, orderings={"at": ("-id",)})
        jobs = jobs_of(page.rows)
        return Response(page.answer([_shown(request, row, jobs) for row in page.rows]))

    @extend_schema(
        operation_id="hand_over",
        summary="Hand over what somebody had to do",
        description=(
            "The open leads of a member, with their open follow-ups, go to a person, to a team in turn, or to whom the"
            f" rules of their lines say. Up to {AT_ONCE} leads are handed over while you wait; more by a job, whose"
            " address is in the answer. Only leads are given that you may give."
        ),
        tags=LEADS,
        request=HandOverBody,
        examples=[
            OpenApiExample(
                "to a colleague", value={"member": 7, "method": "person", "target": 9}, request_only=True
            ),
            OpenApiExample("by the rules", value={"member": 7, "method": "rules"}, request_only=True),
        ],
        responses={
            200: answer(HandOverSerializer, "It is done.", SHOWN),
            202: answer(HandOverSerializer, "Too many to wait for: a job hands them over.", QUEUED),
            400: error_answer("The call is wrong.", "choice", NO_RECEIVER, "target"),
        },
    )
    def post(self, request: Request) -> Response:
        """Hand over a member's open leads: at once where they are few, else by a job."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "assign")
        body = HandOverBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        source = handed_members(actor).filter(pk=given["member"]).first()
        if source is None:
            raise _wrong("member", NOBODY_HERE)
        row = hand_over(
            actor=actor,
            source=source,
            method=given["method"],
            press=press_of(request),
            target=_member("target", given.get("target"), NO_RECEIVER),
            manager=_manager(actor, given.get("manager")),
        )
        return _answer(request, actor, row.pk)


class HandOverView(APIView):
    """One hand-over."""

    @extend_schema(
        operation_id="read_hand_over",
        summary="How far a hand-over is",
        tags=LEADS,
        responses={200: answer(HandOverSerializer, "The hand-over.", SHOWN)},
    )
    def get(self, request: Request, hand_over_id: str) -> Response:
        """Tell how far a hand-over is, or how it went."""
        row = get_hand_over(actor_of(request), int(hand_over_id))
        return Response(_shown(request, row, jobs_of([row])))


class HandOverTakeBackView(APIView):
    """Taking a hand-over back."""

    @extend_schema(
        operation_id="take_hand_over_back",
        summary="Take a hand-over back",
        description=(
            f"For {TAKE_BACK_WITHIN.days} days, once it is over. Leads that somebody has changed, called or noted since"
            " stay where they are, and so does who reports to whom. However often you call, it happens once."
        ),
        tags=LEADS,
        request=None,
        responses={
            200: answer(HandOverSerializer, "It is taken back.", BACK),
            202: answer(
                HandOverSerializer,
                "Too many to wait for: a job takes it back.",
                {**BACK, "taking_back": QUEUED["progress"]},
            ),
            409: error_answer(
                "It cannot be taken back.",
                "too_late",
                f"A hand-over can be taken back for {TAKE_BACK_WITHIN.days} days.",
            ),
        },
    )
    def post(self, request: Request, hand_over_id: str) -> Response:
        """Give leads back that nobody has touched since."""
        actor = actor_of(request)
        get_hand_over(actor, int(hand_over_id))
        # It happens once without a key as well; one that is none is told all the same.
        press_of(request)
        try:
            take_back(actor=actor, hand_over_id=int(hand_over_id))
        except Conflict as error:
            # Who calls again because the answer was lost is told what became of it.
            if error.code != "taken_back":
                raise
        return _answer(request, actor, int(hand_over_id))


def _manager(actor: Actor, number: int | None) -> Membership | None:
    if number is not None and not actor.may(Area.ACCESS, "write"):
        raise NotPermitted("Who reports to whom is for administrators to say.")
    return _member("manager", number, NO_MANAGER)


def _member(name: str, number: int | None, refusal: str) -> Membership | None:
    """The member of that number; whether it may be this one, the service says, in the same words."""
    if number is None:
        return None
    found = Membership.objects.select_related("user").filter(pk=number).first()
    if found is None:
        raise _wrong(name, refusal)
    return found


def _wrong(name: str, message: str) -> ValidationFailed:
    return ValidationFailed(
        "invalid_hand_over", "The hand-over needs corrections.", {name: [FieldError("choice", message)]}
    )


def _answer(request: Request, actor: Actor, hand_over_id: int) -> Response:
    row = get_hand_over(actor, hand_over_id)
    jobs = jobs_of([row])
    job = jobs.get(row.back_job_id or row.job_id or 0)
    is_over = job is None or job.is_finished
    code = status.HTTP_200_OK if is_over else status.HTTP_202_ACCEPTED
    return Response(_shown(request, row, jobs), status=code)


def _shown(request: Request, row: HandOver, jobs: dict[int, Job]) -> dict[str, Any]:
    job = jobs.get(row.job_id or 0)
    until = row.at + TAKE_BACK_WITHIN if may_be_taken_back(row, job) else None
    address = reverse("api:hand-over-detail", kwargs={"hand_over_id": row.pk})
    return {
        "id": row.pk,
        "member": person(row.source),
        "method": row.method,
        "target": person(row.target),
        "manager": person(row.manager),
        "by": person(row.by),
        "at": row.at.isoformat(),
        "progress": _progress(job, ("given", "waiting", "kept")),
        "address": request.build_absolute_uri(address),
        "take_back_until": until.isoformat() if until else None,
        "taken_back_at": row.taken_back_at.isoformat() if row.taken_back_at else None,
        "taking_back": _progress(jobs.get(row.back_job_id or 0), ("given", "kept")),
    }


def _progress(job: Job | None, names: Iterable[str]) -> dict[str, Any] | None:
    if job is None:
        return None
    counts = job.result or (job.cursor or {}).get("counts", {})
    return {
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "error": job.error,
        "counts": {name: counts[name] for name in names if name in counts},
    }
