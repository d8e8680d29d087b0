"""Calls about the register of a lead: what its person agreed to, and whether nobody is to call."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.documentation import example
from core.api.calls import Call
from core.api.description import answer, error_answer
from core.api.serializers import Body, TextField
from leads.api.work import readable, valid, writable
from leads.api.work_documentation import WORK
from leads.models import ConsentChannel, ConsentDoor, ConsentState, Lead
from leads.presentation import LeadReader
from leads.queries.consent import lead_contact
from leads.services.consent import record_consent

ENTRY = {
    "purpose": "Offers",
    "channel": "whatsapp",
    "state": "given",
    "at": "2026-01-15T09:30:00+00:00",
    "wording": "You may send me offers.",
    "door": "page",
    "by": "Arjun Rao",
    "form": "",
}
REGISTER = {"next": None, "previous": None, "results": [ENTRY], "do_not_call": False}
DOORS = [*ConsentDoor.choices, ("form", "In a public form")]


class ConsentBody(Body):
    """What a person said."""

    purpose = TextField(max_length=200)
    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    state = serializers.ChoiceField(choices=ConsentState.choices)
    wording = TextField(
        required=False,
        allow_blank=True,
        default="",
        help_text="Word for word; a consent that is given needs it.",
    )


class ConsentSerializer(serializers.Serializer[Any]):
    """What a person said once."""

    purpose = serializers.CharField()
    channel = serializers.ChoiceField(choices=ConsentChannel.choices)
    state = serializers.ChoiceField(choices=ConsentState.choices)
    at = serializers.DateTimeField()
    wording = serializers.CharField(allow_blank=True)
    door = serializers.ChoiceField(choices=DOORS)
    by = serializers.CharField(allow_blank=True, help_text="Who wrote it down; nobody for a form.")
    form = serializers.CharField(allow_blank=True, help_text="The title of the form.")


class ConsentRegisterSerializer(serializers.Serializer[Any]):
    """The register of a lead, the newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ConsentSerializer(many=True)
    do_not_call = serializers.BooleanField(help_text="Whether the phone is on the do-not-call list.")


class ConsentListView(Call):
    """The register of a lead."""

    @extend_schema(
        operation_id="list_lead_consents",
        summary="What the person of a lead agreed to",
        description="Written down by people, and in public forms; of a purpose and channel the newest holds.",
        tags=WORK,
        responses={200: answer(ConsentRegisterSerializer, "The register.", REGISTER)},
    )
    def get(self, request: Request, reference: str) -> Response:
        """List what the person of a lead said, the newest first."""
        return Response(_register(*readable(request, reference)))

    @extend_schema(
        operation_id="create_lead_consent",
        summary="Write down that a consent was given or withdrawn",
        tags=WORK,
        request=ConsentBody,
        examples=[
            example("a consent", {name: ENTRY[name] for name in ("purpose", "channel", "state", "wording")})
        ],
        responses={
            201: answer(ConsentRegisterSerializer, "The register as it is now.", REGISTER),
            400: error_answer("The call is wrong.", "blank", "Write something.", "wording"),
        },
    )
    def post(self, request: Request, reference: str) -> Response:
        """Write down what the person of a lead said."""
        actor, lead = writable(request, reference)
        given = valid(ConsentBody(data=request.data))
        record_consent(actor=actor, reference=reference, door=ConsentDoor.API, **given)
        return Response(_register(actor, lead), status=status.HTTP_201_CREATED)


def _register(actor: Actor, lead: Lead) -> dict[str, Any]:
    contact = lead_contact(lead)
    reader = LeadReader(actor)
    entries = [
        {
            "purpose": entry.purpose,
            "channel": entry.channel,
            "state": entry.state,
            "at": entry.at.isoformat(),
            "wording": entry.wording if entry.form else reader.sentence(lead, entry.wording),
            "door": entry.door,
            "by": entry.by,
            "form": entry.form,
        }
        for entry in contact.entries
    ]
    return {"next": None, "previous": None, "results": entries, "do_not_call": contact.is_listed}
