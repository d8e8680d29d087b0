"""Imports in the console: what came in, how it went, and the way to its page, where the work on it is done."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from core.models import Intake
from core.models.intake import IntakeState
from core.queries.intakes import intakes_to_correct, visible_intakes
from core.services.intakes import roll_back_intake

TONES = {
    "received": "info",
    "checking": "primary",
    "checked": "info",
    "loading": "primary",
    "loaded": "success",
    "rolling_back": "primary",
    "rolled_back": "warning",
    "failed": "danger",
    "cancelled": "warning",
    "paused": "warning",
}
CAN_GO_BACK = (IntakeState.LOADED, IntakeState.FAILED, IntakeState.CANCELLED)
SHOWN = 5
# Columns with cells of the file, which name no field whose sight could be asked for. A header is one where a
# file has none: its first row is taken for it.
HOLDS_CELLS = frozenset({"options", "check_result", "header"})


_pages: dict[str, str] = {}


def register_import_page(importer: str, url_name: str) -> None:
    """Say which page an app has for the imports of its importer; it takes the import's number."""
    _pages[importer] = url_name


def page_of(intake: Intake) -> str:
    """Return the address of the import's own page, where rows are corrected; "" where the app has none."""
    name = _pages.get(intake.importer)
    return reverse(name, args=[intake.pk]) if name else ""


@admin.register(Intake, site=console)
class IntakeAdmin(ReadOnlyAdmin):
    """The imports that the actor may see."""

    area = "lead_files"
    menu = MenuPlace(BRING_IN, 10, "upload_file")
    list_display = (
        "filename",
        "target",
        "state_label",
        "data_rows",
        "accepted",
        "rejected",
        "duplicate",
        "created_by",
        "received",
    )
    list_display_links = ("filename",)
    list_filter = ("state", "target")
    search_fields = ("filename",)
    fields = (
        "filename", "page", "target", "state", "data_rows", "accepted", "updated", "rejected", "duplicate", "held",
        "why", "error", "created_by", "received", "finished",
    )  # fmt: skip
    actions_detail = ("roll_back",)
    show_full_result_count = False
    received = moment_column("created_at", _("Received"))
    finished = moment_column("finished_at", _("Finished"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_intakes(actor)

    def history_value(self, request: HttpRequest, record: Any, name: str) -> Any:
        return None if name in HOLDS_CELLS else super().history_value(request, record, name)

    @display(description=_("State"), ordering="state", label=TONES)
    def state_label(self, intake: Intake) -> tuple[str, str]:
        state = intake.current_state
        return state.value, str(state.label)

    @admin.display(description=_("Rows and corrections"))
    def page(self, intake: Intake) -> str:
        address = page_of(intake)
        return (
            format_html('<a class="console-more" href="{}">{}</a>', address, _("Open the import"))
            if address
            else "—"
        )

    @admin.display(description=_("Why rows stayed out"))
    def why(self, intake: Intake) -> str:
        reasons = sorted(intake.reasons.items(), key=lambda entry: -entry[1])
        items: SafeString = format_html_join(
            "", "<li>{} × {}</li>", ((number, reason) for reason, number in reasons)
        )
        return format_html('<ul class="console-plain">{}</ul>', items) if reasons else "—"

    def has_roll_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        intake = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return intake is not None and intake.current_state in CAN_GO_BACK

    @action(description=_("Roll back"), icon="undo", permissions=["roll_back"])
    def roll_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        intake = self.found(request, object_id)
        return self.confirm(
            request,
            intake,
            title=_("Roll back %(file)s?") % {"file": intake.filename},
            text=_(
                "Leads that it made are withdrawn, leads that it changed get their values back."
                " What somebody edited since then stays, and is listed."
            ),
            button=_("Roll back"),
            work=lambda: roll_back_intake(actor=request.actor, intake_id=intake.pk),  # type: ignore[attr-defined]
            done=_("The rollback runs."),
        )


@register_queue(20)
def imports_with_rejected_rows(actor: Any) -> Queue | None:
    """Loaded imports of which rows wait to be corrected."""
    if not actor.may("lead_files", "write"):
        return None
    waiting = intakes_to_correct(actor)
    return Queue(
        title=_("Imports with rejected rows"),
        icon="rule",
        count=waiting.count(),
        link=reverse("admin:core_intake_changelist") + "?state__exact=loaded",
        advice=_("Correct the rows in the grid, or hand the error workbook back to who sent the file."),
        items=[
            QueueItem(
                intake.filename,
                page_of(intake) or reverse("admin:core_intake_change", args=[intake.pk]),
                _("%(number)s rows") % {"number": f"{intake.rejected_rows:,}"},
            )
            for intake in waiting[:SHOWN]
        ],
    )
