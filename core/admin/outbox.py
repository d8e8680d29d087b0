"""What goes out and has not yet: messages that wait, and the poison queue with what can be done about it."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.menu import AUDIT, MenuPlace
from core.admin.site import console
from core.models import MessageState, OutboxMessage
from core.outbox.access import AREA
from core.queries.outbox import poisoned_messages, undelivered_messages
from core.services.outbox import LONGEST_REASON, discard_message, retry_message

TONES = {"waiting": "info", "poisoned": "danger", "discarded": "warning"}
SHOWN = 5
NOTE_CHARACTERS = 80


class ReasonForm(forms.Form):
    """Why a message need not be delivered."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("Why it need not be delivered")}),
    )


@admin.register(OutboxMessage, site=console)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Messages that are not delivered; one that was set aside is tried again or discarded."""

    area = AREA
    menu = MenuPlace(AUDIT, 20, "outbox")
    list_display = ("topic", "aggregate", "state_label", "attempts", "said", "written", "next_try")
    list_display_links = ("topic", "aggregate")
    list_filter = ("state",)
    search_fields = ("topic", "aggregate")
    fields = (
        "topic", "aggregate", "consumer", "state", "attempts", "error", "carried", "past", "written", "next_try",
        "aside", "message_id",
    )  # fmt: skip
    actions = ("retry_chosen",)
    actions_detail = ("retry", "discard")
    show_full_result_count = False
    written = moment_column("created_at", _("Written"))
    next_try = moment_column("next_attempt_at", _("Next attempt"))
    aside = moment_column("poisoned_at", _("Set aside"))

    def rows(self, actor: Any) -> models.QuerySet:
        return undelivered_messages(actor)

    @display(description=_("State"), ordering="state", label=TONES)
    def state_label(self, message: OutboxMessage) -> tuple[str, str]:
        return message.state, message.get_state_display()

    @admin.display(description=_("Error"))
    def said(self, message: OutboxMessage) -> str:
        return message.error[:NOTE_CHARACTERS] or "—"

    @admin.display(description=_("Payload"))
    def carried(self, message: OutboxMessage) -> str:
        text = json.dumps(message.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="console-code">{}</pre>', text)

    @admin.display(description=_("History"))
    def past(self, message: OutboxMessage) -> str:
        lines = ((_moment(line["at"]), line["level"], line["text"]) for line in reversed(message.log))
        return format_html(
            '<ol class="console-log">{}</ol>',
            format_html_join("", '<li class="is-{1}"><time>{0}</time> {2}</li>', lines),
        )

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        message = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return message is not None and message.state == MessageState.POISONED

    @admin.action(description=_("Try again"), permissions=["write"])
    def retry_chosen(self, request: HttpRequest, chosen: models.QuerySet) -> None:
        # In the order in which they were written, so that they go out in it.
        poisoned = chosen.filter(state=MessageState.POISONED).order_by("id")
        self.each(
            request,
            poisoned,
            lambda message: retry_message(actor=request.actor, message_id=message.pk),  # type: ignore[attr-defined]
            str(_("{number} messages are tried again.")),
        )

    @action(description=_("Try again"), icon="replay", permissions=["decide"])
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.found(request, object_id)
        return self.confirm(
            request,
            message,
            title=_("Try it again?"),
            text=_(
                "It is delivered as soon as a worker is free. Later messages about the same may have been"
                " delivered before it."
            ),
            button=_("Try again"),
            work=lambda: retry_message(actor=request.actor, message_id=message.pk),  # type: ignore[attr-defined]
            done=_("The message is tried again."),
        )

    @action(description=_("Discard"), icon="delete", permissions=["decide"])
    def discard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.found(request, object_id)
        form = ReasonForm(request.POST or None)
        reason = form.cleaned_data["reason"] if form.is_bound and form.is_valid() else ""
        return self.confirm(
            request,
            message,
            title=_("Discard this message?"),
            text=_("It is never delivered. Who discarded it, and why, stays with it for a while."),
            button=_("Discard"),
            work=lambda: discard_message(
                actor=request.actor,  # type: ignore[attr-defined]
                message_id=message.pk,
                reason=reason,
            ),
            done=_("The message is discarded."),
            template="console/discard_message.html",
            form=form,
        )


def _moment(text: str) -> str:
    """A moment of a log, in the organisation's timezone, to the second: attempts may follow closely."""
    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M:%S")


@register_queue(35)
def poison_queue(actor: Any) -> Queue | None:
    """Messages that were set aside, for those who may decide about them."""
    if not actor.may(AREA, "write"):
        return None
    poisoned = poisoned_messages(actor)
    return Queue(
        title=_("Messages that could not be delivered"),
        icon="outbox",
        count=poisoned.count(),
        link=reverse("admin:core_outboxmessage_changelist") + "?state__exact=poisoned",
        advice=_("Open one to read why. Put right what is wrong and try it again, or discard it."),
        items=[
            QueueItem(
                str(message),
                reverse("admin:core_outboxmessage_change", args=[message.pk]),
                message.error[:NOTE_CHARACTERS],
            )
            for message in poisoned.order_by("id")[:SHOWN]
        ],
    )
