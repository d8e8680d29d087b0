"""Published versions of lines: what was in force when, and what each changed."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.menu import AUDIT, MenuPlace
from core.admin.site import console
from leads.admin.differences import shown_changes
from leads.admin.presenting import shown_fields
from leads.fields.line import read_fields
from leads.models import LineVersion
from leads.queries.line_changes import compare_definitions
from leads.queries.lines import visible_versions


@admin.register(LineVersion, site=console)
class LineVersionAdmin(ReadOnlyAdmin):
    """Read only: versions are immutable."""

    menu = MenuPlace(AUDIT, 10, "inventory_2", _("Published versions"))
    list_display = ("line", "number", "note", "published")
    list_display_links = ("line", "number")
    list_filter = (("line", admin.RelatedOnlyFieldListFilter),)
    ordering = ("-id",)
    fields = ("line", "number", "note", "published", "changed", "held")
    published = moment_column("published_at", _("Published"))

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_versions(actor)

    def has_history(self, request: HttpRequest) -> bool:
        """A version is written once; its history would repeat it."""
        return False

    @admin.display(description=_("What it changed"))
    def changed(self, version: LineVersion) -> str:
        previous = LineVersion.objects.filter(line=version.line_id, number=version.number - 1).first()
        before = read_fields(previous.definition) if previous else []
        after = read_fields(version.definition)
        changes = shown_changes(compare_definitions(before, after), after)
        return render_to_string("console/leads/changes.html", {"changes": changes})

    @admin.display(description=_("Fields in force"))
    def held(self, version: LineVersion) -> str:
        fields = shown_fields(read_fields(version.definition))
        return render_to_string("console/leads/field_table.html", {"fields": fields})
