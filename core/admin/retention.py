"""What is removed when it is old: how long it is kept, and what the last run did."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.menu import AUDIT, MenuPlace
from core.admin.site import console
from core.models import PurgeRecord
from core.queries.retention import AREA, purge_records
from core.retention.registry import find_purge

TONES = {"done": "success", "running": "primary", "failed": "danger"}


@admin.register(PurgeRecord, site=console)
class PurgeRecordAdmin(ReadOnlyAdmin):
    """The purges of the organisation, after their last run."""

    area = AREA
    menu = MenuPlace(AUDIT, 30, "auto_delete", _("Removal of what is old"))
    list_display = ("what", "kept", "state_label", "removed", "started", "ended")
    list_display_links = ("what",)
    fields = ("what", "kept", "setting", "removed", "started", "ended", "error")
    started = moment_column("started_at", _("Last run"))
    ended = moment_column("finished_at", _("Ended"))

    def rows(self, actor: Any) -> models.QuerySet:
        return purge_records(actor)

    @admin.display(description=_("What"), ordering="purge")
    def what(self, record: PurgeRecord) -> str:
        purge = find_purge(record.purge)
        return str(purge.title) if purge else record.purge

    @admin.display(description=_("Kept"))
    def kept(self, record: PurgeRecord) -> str:
        purge = find_purge(record.purge)
        if purge is None:
            return "—"
        if not purge.days:
            return str(_("For ever"))
        return ngettext("%(days)s day", "%(days)s days", purge.days) % {"days": purge.days}

    @admin.display(description=_("Setting"))
    def setting(self, record: PurgeRecord) -> str:
        purge = find_purge(record.purge)
        return purge.setting if purge else "—"

    @display(description=_("State"), label=TONES)
    def state_label(self, record: PurgeRecord) -> tuple[str, str]:
        if record.error:
            return "failed", str(_("Failed"))
        return ("done", str(_("Done"))) if record.finished_at else ("running", str(_("Running")))

    @admin.display(description=_("Removed"), ordering="rows")
    def removed(self, record: PurgeRecord) -> str:
        return "—" if record.rows is None else f"{record.rows:,}"
