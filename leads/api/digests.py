"""Calls about how one is told: what comes by e-mail, and when."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of
from accounts.api.documentation import example
from accounts.roles import Area
from core.api.calls import Call
from core.api.description import PRECONDITIONS, READS_VERSION, answer, error_answer
from core.api.etags import precondition_of, tagged
from core.api.serializers import Body, TextField
from core.errors import NotPermitted
from leads.api.work_documentation import WORK
from leads.models import NotificationKind, NotificationSettings, TellingBy
from leads.queries.digests import notification_settings, telling_by
from leads.services.digests.choosing import Choice, choose_notifications

SHOWN = {
    "kinds": {"mention": "app", "follow_up": "mail", "assigned": "app", "stalled": "off"},
    "morning": True,
    "hour": 8,
    "timezone": "",
}
CHANGED = {**SHOWN, "hour": 7, "timezone": "Asia/Kolkata"}


class NotificationSettingsBody(Body):
    """What may be changed of how one is told."""

    kinds = serializers.DictField(
        child=serializers.ChoiceField(choices=TellingBy.choices),
        required=False,
        help_text=f"Of any of {', '.join(NotificationKind.values)}: `app`, `mail` for the application and a mail "
        "a day, or `off`.",
    )
    morning = serializers.BooleanField(required=False, help_text="Whether a mail begins your day.")
    hour = serializers.IntegerField(
        required=False, min_value=0, max_value=23, help_text="The hour at which mails come."
    )
    timezone = TextField(
        required=False,
        allow_blank=True,
        help_text="A name of the IANA database, such as Asia/Kolkata; empty for the organisation's.",
    )


class NotificationSettingsSerializer(serializers.Serializer[Any]):
    """How one is told."""

    kinds = serializers.DictField(child=serializers.ChoiceField(choices=TellingBy.choices))
    morning = serializers.BooleanField()
    hour = serializers.IntegerField()
    timezone = serializers.CharField(allow_blank=True)


class NotificationSettingsView(Call):
    """How one is told."""

    @extend_schema(
        operation_id="read_notification_settings",
        summary="How you are told",
        tags=WORK,
        parameters=READS_VERSION,
        responses={200: answer(NotificationSettingsSerializer, "What you have chosen.", SHOWN)},
    )
    def get(self, request: Request) -> Response:
        """Read what one has chosen."""
        return tagged(Response(_current(request)))

    @extend_schema(
        operation_id="change_notification_settings",
        summary="Choose how you are told",
        description="What is not given stays.",
        tags=WORK,
        parameters=PRECONDITIONS,
        request=NotificationSettingsBody,
        examples=[example("earlier", {"hour": 7, "timezone": "Asia/Kolkata"})],
        responses={
            200: answer(NotificationSettingsSerializer, "What holds now.", CHANGED),
            400: error_answer(
                "The call is wrong.",
                "choice",
                "Choose a timezone such as Asia/Kolkata, or none for the organisation's.",
                "timezone",
            ),
        },
    )
    def patch(self, request: Request) -> Response:
        """Choose."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        body = NotificationSettingsBody(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = choose_notifications(
            actor=actor,
            choice=Choice(**body.validated_data),
            precondition=precondition_of(request, lambda: _current(request)),
        )
        return tagged(Response(_shown(chosen)))


def _current(request: Request) -> dict[str, Any]:
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    if actor.membership is None:
        raise NotPermitted("Only a person chooses how to be told.")
    return _shown(notification_settings(actor.membership))


def _shown(chosen: NotificationSettings) -> dict[str, Any]:
    return {
        "kinds": {kind: telling_by(chosen, kind).value for kind in NotificationKind.values},
        "morning": chosen.morning,
        "hour": chosen.hour,
        "timezone": chosen.timezone,
    }
