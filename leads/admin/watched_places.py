"""Where files come from by themselves: folders, prefixes of the bucket, mailboxes; and what came."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from accounts.roles import Area
from core.admin.base import MOMENT, PausingAdmin, ReadOnlyAdmin, moment_column
from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.forms import LinesField, ServiceForm
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from core.models import IntakeState
from leads.models import Arrival, ArrivalState, BusinessLine, PlaceKind, Source, WatchedPlace
from leads.queries.arrivals import outcome_of, visible_arrivals, visible_places, waiting_arrivals
from leads.queries.lines import visible_lines
from leads.services.arriving import (
    create_watched_place,
    pause_watched_place,
    resume_watched_place,
    update_watched_place,
)
from leads.services.arriving.trying import try_place

PLACE_TONES = {"active": "success", "paused": "warning", "failing": "danger", "new": "info"}
TONES = {
    "loaded": "success", "loading": "primary", "waiting": "warning", "failed": "danger", "discarded": "",
    "rolled_back": "warning", "cancelled": "warning", "received": "warning", "checked": "warning",
}  # fmt: skip
SHOWN = 5
OF_FOLDERS, OF_MAILBOXES = ("path",), (
    "host", "port", "security", "username", "password", "mailbox", "done_mailbox", "allowed_senders",
)  # fmt: skip


class WatchedPlaceForm(ServiceForm):
    """The settings of a place."""

    line = forms.ModelChoiceField(
        label=_("Business line"),
        queryset=BusinessLine._base_manager.none(),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Its files become leads of this line. Never changes."),
    )
    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=Source._base_manager.none(),
        required=False,
        empty_label=_("What the files say"),
        widget=UnfoldAdminSelectWidget,
        help_text=_("Of rows that name no source themselves."),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. Empty: the one that is kept."),
    )
    allowed_senders = LinesField(
        label=_("Allowed senders"),
        help_text=_(
            "Whose files are taken, one per line. For example:<br>ravi@partner.example<br>@bank.example for all of a"
            " domain"
        ),
    )

    class Meta:
        model = WatchedPlace
        fields = ("name", "kind", "line", "source", "on_duplicate", "loads_known", *OF_FOLDERS, *OF_MAILBOXES)
        help_texts = {
            "name": _("Such as “Files of the website”. People read it on the imports."),
            "kind": _("Never changes."),
            "on_duplicate": _("Empty: as the line, or the saved mapping, says."),
            "loads_known": _(
                "A file with the columns of a saved mapping is loaded at once. Any other waits for a person, always."
            ),
            "path": _("Below the folder of your organisation, such as website. Empty: that folder itself."),
            "host": _("Such as imap.example.com."),
            "mailbox": _("Whose unread messages are looked at."),
            "done_mailbox": _("Where messages go once they are read. Empty: they stay, marked as read."),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offered = {
            "line": visible_lines(self.actor).filter(is_active=True, version__gt=0),
            "source": Source.objects.filter(models.Q(is_active=True) | models.Q(pk=self.instance.source_id)),
        }
        for name, rows in offered.items():
            if name in self.fields:
                self.fields[name].queryset = rows
        # What is kept is never shown, not even as it is encrypted.
        self.initial.pop("password", None)
        for name in ("host", "username", "mailbox", "done_mailbox", "path"):
            if name in self.fields:
                self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        if "path" in self.fields and settings.WATCHED_ROOT:
            home = f"{settings.WATCHED_ROOT.rstrip('/')}/{self.actor.organization.slug}/"
            self.fields["path"].help_text = _(
                "Below %(home)s or, of the bucket, below %(prefix)s. Empty: that folder itself."
            ) % {"home": home, "prefix": f"{settings.WATCHED_PREFIX}/{self.actor.organization.slug}/"}

    def perform(self, values: dict[str, Any]) -> WatchedPlace:
        if self.is_new:
            return create_watched_place(actor=self.actor, **values)
        changes = {name: value for name, value in values.items() if name not in ("line", "kind")}
        return update_watched_place(actor=self.actor, place=self.instance, **changes)


@admin.register(WatchedPlace, site=console)
class WatchedPlaceAdmin(PausingAdmin):
    """Where files come from, how the last look went, and what came last."""

    menu = MenuPlace(BRING_IN, 12, "move_to_inbox", _("Watched places"))
    form = WatchedPlaceForm
    can_add = True
    can_change = True
    list_display = ("name", "kind", "where", "line", "looked", "last_file", "state_label")
    list_filter = ("kind", "is_paused")
    search_fields = ("name",)
    sortable_by = ()
    ordering = ("name", "id")
    actions_detail = ("look", "pause", "resume")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_places(actor)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        told = (
            ()
            if obj is None
            else ((_("How it goes"), {"fields": ("looked", "trouble", "last_file", "came")}),)
        )
        folder = (_("Folder or bucket"), {"fields": OF_FOLDERS})
        mailbox = (_("Mailbox"), {"fields": OF_MAILBOXES})
        of_kind = (folder, mailbox)
        if obj is not None:
            of_kind = (mailbox,) if obj.kind == PlaceKind.MAILBOX else (folder,)  # type: ignore[assignment]
        return (
            (None, {"fields": ("name", "kind", "line", "source")}),
            *of_kind,
            (_("What becomes of the files"), {"fields": ("loads_known", "on_duplicate")}),
            *told,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("kind", "line", "looked", "trouble", "last_file", "came") if obj else ()

    @admin.display(description=_("Where"))
    def where(self, place: WatchedPlace) -> str:
        return f"{place.username} · {place.host}" if place.kind == PlaceKind.MAILBOX else place.path or "/"

    @admin.display(description=_("Last look"))
    def looked(self, place: Any) -> str:
        return _moment(place.looked_at)

    @admin.display(description=_("Last file"))
    def last_file(self, place: Any) -> str:
        return (
            f"{_moment(place.last_arrival_at)} · {place.last_arrival_name}" if place.last_arrival_at else "—"
        )

    @admin.display(description=_("Trouble"))
    def trouble(self, place: Any) -> str:
        if not place.look_error:
            return "—"
        return _now("%(what)s Since %(since)s.") % {
            "what": place.look_error, "since": _moment(place.failing_since)
        }  # fmt: skip

    @admin.display(description=_("What came"))
    def came(self, place: Any) -> str:
        address = reverse("admin:leads_arrival_changelist") + f"?place__id__exact={place.pk}"
        return format_html('<a class="console-more" href="{}">{}</a>', address, _("All that came here"))

    @display(description=_("State"), ordering="is_paused", label=PLACE_TONES)
    def state_label(self, place: Any) -> tuple[str, Any]:
        if place.is_paused:
            return "paused", _("Paused")
        if place.look_error:
            return "failing", _("Cannot be reached")
        return ("active", _("Watched")) if place.looked_at else ("new", _("Not looked at yet"))

    @action(description=_("Try it"), icon="cable", permissions=["write"])
    def look(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say whether the place can be reached, and how much waits there."""
        place = self.found(request, object_id)
        waiting: list[int] = []
        return self.confirm(
            request,
            place,
            title=_("Try this place?"),
            text=_("It is looked at once, with the settings that are saved. Nothing is taken."),
            button=_("Try it"),
            work=lambda: waiting.append(try_place(actor=request.actor, place=place)),  # type: ignore[attr-defined]
            done=lazystr(_Waiting(waiting)),
        )

    @action(description=_("Pause"), icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look at the place no more."""
        place = self.found(request, object_id)
        return self.confirm(
            request,
            place,
            title=_("Pause this place?"),
            text=_("It is not looked at until you let it go on. What comes meanwhile waits there."),
            button=_("Pause"),
            work=lambda: pause_watched_place(actor=request.actor, place=place),  # type: ignore[attr-defined]
            done=_("The place is paused."),
        )

    @action(description=_("Go on"), icon="play_arrow", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look at the place again."""
        place = self.found(request, object_id)
        return self.confirm(
            request,
            place,
            title=_("Watch this place again?"),
            text=_("What has come meanwhile is taken within a minute or two."),
            button=_("Go on"),
            work=lambda: resume_watched_place(actor=request.actor, place=place),  # type: ignore[attr-defined]
            done=_("The place is watched again."),
        )


@admin.register(Arrival, site=console)
class ArrivalAdmin(ReadOnlyAdmin):
    """What came by itself, from where, and what became of it."""

    area = Area.LEAD_FILES
    menu = MenuPlace(BRING_IN, 13, "mark_email_read", _("Arrivals"))
    list_display = ("name", "place", "arrived", "sender", "outcome_label", "reason")
    list_display_links = ("name",)
    list_filter = ("state", ("place", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "sender", "subject")
    sortable_by = ()
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = (
        "name", "place", "arrived", "outcome", "reason", "import_link", "size", "sender", "subject",
        "message_id", "times",
    )  # fmt: skip
    arrived = moment_column("at", _("Arrived"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_arrivals(actor)

    @display(description=_("Outcome"), ordering="state", label=TONES)
    def outcome_label(self, arrival: Arrival) -> tuple[str, Any]:
        outcome = outcome_of(arrival)
        words: dict[str, Any] = {**dict(IntakeState.choices), "discarded": _("Discarded")}
        words |= {"waiting": ArrivalState.WAITING.label, "failed": ArrivalState.FAILED.label}
        if outcome == "failed" and arrival.state != ArrivalState.FAILED:
            words["failed"] = IntakeState.FAILED.label
        return outcome, words.get(outcome, outcome)

    @admin.display(description=_("Outcome"))
    def outcome(self, arrival: Arrival) -> str:
        return str(self.outcome_label(arrival)[1])

    @admin.display(description=_("Import"))
    def import_link(self, arrival: Arrival) -> str:
        if arrival.intake is None or arrival.intake.deleted_at is not None:
            return "—"
        address = reverse("leads:import_detail", args=[arrival.intake_id])
        return format_html('<a class="console-more" href="{}">{}</a>', address, _("Open the import"))


@register_queue(12)
def files_that_wait(actor: Any) -> Queue | None:
    """Files that came by themselves and wait for a person."""
    waiting = waiting_arrivals(actor)
    first = list(waiting[:SHOWN])
    if not first and not actor.may(Area.LEAD_FILES, "write"):
        return None
    return Queue(
        title=_("Files that came and wait"),
        icon="move_to_inbox",
        count=waiting.count() if len(first) == SHOWN else len(first),
        link=reverse("admin:leads_arrival_changelist") + "?state__exact=waiting",
        advice=_("Match their columns and load them; saved mappings let the next ones load by themselves."),
        items=[
            QueueItem(str(row), reverse("leads:import_detail", args=[row.intake_id]), row.reason)
            for row in first
        ],
    )


@register_queue(13)
def places_in_trouble(actor: Any) -> Queue | None:
    """Watched places that cannot be reached."""
    if not actor.may(Area.CONFIGURATION, "write"):
        return None
    places = list(
        visible_places(actor).filter(is_paused=False).exclude(look_error="").filter(look_error__isnull=False)
    )
    return Queue(
        title=_("Watched places that cannot be reached"),
        icon="cloud_off",
        count=len(places),
        link=reverse("admin:leads_watchedplace_changelist"),
        advice=_("Correct their settings, or pause them."),
        items=[
            QueueItem(
                place.name, reverse("admin:leads_watchedplace_change", args=[place.pk]), place.look_error
            )  # type: ignore[attr-defined]
            for place in places[:SHOWN]
        ],
    )


class _Waiting:
    """How much waits, in words, once it is known."""

    def __init__(self, counts: list[int]) -> None:
        self.counts = counts

    def __str__(self) -> str:
        return _now("It can be reached. Waiting there: %(count)s.") % {"count": self.counts[-1]}


def _moment(moment: Any) -> str:
    return date_format(localtime(moment), MOMENT) if moment else "—"
