"""Calls about calls and messages: logged, listed, and how they went."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import LOCATION, example, listing
from core.api.calls import Call
from core.api.description import ETAG, PRECONDITIONS, READS_VERSION, answer, error_answer
from core.api.etags import precondition_of, tagged
from core.api.listing import Page
from core.api.serializers import Body, TextField
from leads.api.serializers import PersonSerializer
from leads.api.work import address_of, created, person, readable, valid, writable
from leads.api.work_documentation import ARJUN, WORK
from leads.models import Channel, Direction, Engagement, EngagementOutcome, Lead
from leads.presentation import LeadReader
from leads.queries.engagements import get_engagement, lead_engagements
from leads.services.engagements import start_engagement, tell_outcome

ENGAGEMENT = {
    "id": 5,
    "lead": "L00000042",
    "channel": "call",
    "direction": "outgoing",
    "at": "2026-01-15T09:30:00+00:00",
    "by": ARJUN,
    "outcome": "no_answer",
    "remark": "Rings out",
}
NOT_REACHABLE = error_answer(
    "There is no way to reach the person that you may use.",
    "not_reachable",
    "This lead has no phone number that you can use. Correct the lead first, or ask its owner.",
)
WRONG = error_answer("The call is wrong.", "choice", "Choose one of: call, sms, whatsapp, email.", "channel")


class EngagementBody(Body):
    """A call or message that begins."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False, default=Direction.OUTGOING)


class OutcomeBody(Body):
    """How it went. Pass `zone` in the context."""

    outcome = serializers.ChoiceField(choices=EngagementOutcome.choices)
    remark = TextField(required=False, allow_blank=True, help_text="At most 450 characters.")
    follow_up_at = serializers.DateTimeField(
        required=False,
        help_text="Plans a follow-up for you; without an offset in the organisation's timezone.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "zone" in self.context:
            self.fields["follow_up_at"].timezone = self.context["zone"]  # type: ignore[attr-defined]


class EngagementSerializer(serializers.Serializer[Any]):
    """A call or message of a lead."""

    id = serializers.IntegerField()
    lead = serializers.CharField(help_text="The reference of its lead.")
    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Direction.choices)
    at = serializers.DateTimeField()
    by = PersonSerializer()
    outcome = serializers.ChoiceField(
        choices=EngagementOutcome.choices, allow_blank=True, help_text="Empty until somebody tells."
    )
    remark = serializers.CharField(
        allow_blank=True, help_text="Personal data in it is masked for who may not edit the lead."
    )


class EngagementFilter(filters.FilterSet):
    """Of the calls and messages of a lead."""

    channel = filters.ChoiceFilter(choices=Channel.choices, label="By which channel.")

    class Meta:
        model = Engagement
        fields: tuple[str, ...] = ()


class EngagementListView(Call):
    """The calls and messages of a lead."""

    @extend_schema(
        **listing(
            "list_lead_engagements",
            "The calls and messages of a lead",
            WORK,
            EngagementSerializer,
            ENGAGEMENT,
            EngagementFilter,
            "`at`, the newest first",
        )
    )
    def get(self, request: Request, reference: str) -> Response:
        """List the calls and messages of a lead, the newest first."""
        actor, lead = readable(request, reference)
        rows = lead_engagements(lead)
        page = Page(request, rows, filters=EngagementFilter, orderings={"at": ("-at", "-id")})
        reader = LeadReader(actor)
        return Response(page.answer([_engagement(reader, lead, row) for row in page.rows]))

    @extend_schema(
        operation_id="create_lead_engagement",
        summary="Log a call or message of a lead",
        description="The same one again within five seconds is logged once.",
        tags=WORK,
        request=EngagementBody,
        examples=[example("a call", {"channel": "call"})],
        parameters=[LOCATION, ETAG],
        responses={
            201: answer(
                EngagementSerializer, "The call or message.", {**ENGAGEMENT, "outcome": "", "remark": ""}
            ),
            400: WRONG,
            409: NOT_REACHABLE,
        },
    )
    def post(self, request: Request, reference: str) -> Response:
        """Log a call or message of a lead."""
        actor, lead = writable(request, reference)
        given = valid(EngagementBody(data=request.data))
        made = start_engagement(actor=actor, reference=reference, **given).engagement
        address = address_of(request, "api:engagement-detail", reference=reference, engagement_id=made.pk)
        return created(_engagement(LeadReader(actor), lead, made), address)


class EngagementView(Call):
    """One call or message of a lead."""

    @extend_schema(
        operation_id="read_lead_engagement",
        summary="One call or message of a lead",
        tags=WORK,
        parameters=READS_VERSION,
        responses={200: answer(EngagementSerializer, "The call or message.", ENGAGEMENT)},
    )
    def get(self, request: Request, reference: str, engagement_id: str) -> Response:
        """Read a call or message."""
        actor, lead = readable(request, reference)
        return tagged(Response(_shown(LeadReader(actor), lead, int(engagement_id))))

    @extend_schema(
        operation_id="tell_lead_engagement",
        summary="Say how your call or message went",
        description="With `follow_up_at`, the next one is planned in the same step.",
        tags=WORK,
        parameters=PRECONDITIONS,
        request=OutcomeBody,
        examples=[
            example("no answer", {"outcome": "no_answer", "follow_up_at": "2026-01-19T11:00:00+05:30"})
        ],
        responses={
            200: answer(EngagementSerializer, "The call or message as it is now.", ENGAGEMENT),
            400: WRONG,
            403: error_answer(
                "It is not yours.",
                "permission_denied",
                "Only who called or wrote tells how it went. Write a note instead.",
            ),
        },
    )
    def patch(self, request: Request, reference: str, engagement_id: str) -> Response:
        """Tell how one's own call or message went."""
        actor, lead = writable(request, reference)
        given = valid(OutcomeBody(data=request.data, context={"zone": actor.organization.zone}))
        reader, number = LeadReader(actor), int(engagement_id)
        tell_outcome(
            actor=actor,
            reference=reference,
            engagement_id=number,
            precondition=precondition_of(request, lambda: _shown(reader, lead, number)),
            **given,
        )
        return tagged(Response(_shown(reader, lead, number)))


def _shown(reader: LeadReader, lead: Lead, number: int) -> dict[str, Any]:
    return _engagement(reader, lead, get_engagement(lead, number))


def _engagement(reader: LeadReader, lead: Lead, engagement: Engagement) -> dict[str, Any]:
    return {
        "id": engagement.pk,
        "lead": lead.reference,
        "channel": engagement.channel,
        "direction": engagement.direction,
        "at": engagement.at.isoformat(),
        "by": person(engagement.by),
        "outcome": engagement.outcome,
        "remark": reader.sentence(lead, engagement.remark),
    }
