"""Leads in the console: found, read, withdrawn and restored. Work on them is done on their pages."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from accounts.actor import Actor
from accounts.masking import Sight, shown, sight_everywhere
from accounts.roles import Area
from core.admin.audit import as_text
from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, Lead
from leads.queries.lines import visible_lines
from leads.queries.withdrawn import leads_with_withdrawn
from leads.services.leads import restore_lead, withdraw_lead

TONES = {
    "new": "info", "in_progress": "primary", "approved": "success", "rejected": "danger", "converted": "success",
    "closed": "",
}  # fmt: skip
PERSONAL = ("name", "phone", "email", "amount", "city", "region")


class WithdrawnFilter(admin.SimpleListFilter):
    """Live leads unless the withdrawn ones are asked for."""

    title = _("withdrawn")
    parameter_name = "withdrawn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))] if request.actor.may(Area.LEADS, "delete") else []  # type: ignore[attr-defined]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


class LineFilter(admin.SimpleListFilter):
    """One line's leads. The lines are read from their own table, not from all the leads there are."""

    title = _("business line")
    parameter_name = "line"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(line.code, line.name) for line in visible_lines(request.actor)]  # type: ignore[attr-defined]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        line = visible_lines(request.actor).filter(code=self.value() or "").first()  # type: ignore[attr-defined]
        return queryset.filter(line=line) if line else queryset


@admin.register(Lead, site=console)
class LeadAdmin(ReadOnlyAdmin):
    """The leads that the actor may see, masked as everywhere."""

    area = Area.LEADS
    menu = MenuPlace(BRING_IN, 20, "contacts")
    list_display = ("reference", "shown_name", "line", "status_label", "owner", "source", "created")
    list_display_links = ("reference",)
    list_filter = (LineFilter, "status", WithdrawnFilter)
    # Only in the order that an index has.
    sortable_by = ()
    search_fields = ("reference__exact",)
    search_help_text = _(
        "The whole reference, such as L00000042. By name or phone, search on the page of leads."
    )
    list_select_related = ("line", "owner__user", "source")
    # Counting a million leads for every page of the list would take longer than the page.
    paginator = InfinitePaginator
    fields = (
        "page", "line", "shown_name", "status", "stage", "owner", "team", "source", "campaign", "values",
        "created", "updated", "withdrawn",
    )  # fmt: skip
    actions_detail = ("withdraw", "restore")
    show_full_result_count = False
    created = moment_column("created_at", _("Created"))
    updated = moment_column("updated_at", _("Updated"))
    withdrawn = moment_column("deleted_at", _("Withdrawn"))

    def rows(self, actor: Any) -> models.QuerySet:
        return leads_with_withdrawn(actor)

    # What is shown depends on who looks, which the stock admin does not tell its columns: the row carries it.

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        lead = super().get_object(request, object_id, from_field)
        if lead is not None:
            lead.reader = request.actor  # type: ignore[attr-defined]
        return lead

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        for lead in changelist.result_list:
            lead.reader = request.actor  # type: ignore[attr-defined]
        return changelist

    @admin.display(description=_("Name"))
    def shown_name(self, lead: Any) -> str:
        return _personal(lead.reader, line_definition(lead.line), "name", lead.name) or "—"

    @display(description=_("Status"), ordering="status", label=TONES)
    def status_label(self, lead: Lead) -> tuple[str, str]:
        return lead.status, lead.get_status_display()

    @admin.display(description=_("Page"))
    def page(self, lead: Lead) -> str:
        if lead.deleted_at:
            return str(_("Withdrawn. Restore it to work on it."))
        return format_html(
            '<a class="console-more" href="{}">{}</a>',
            reverse("leads:detail", args=[lead.reference]),
            _("Open the lead"),
        )

    @admin.display(description=_("Values"))
    def values(self, lead: Any) -> str:
        definition = line_definition(lead.line)
        rows = _values(lead.reader, definition, lead.data).items()
        return format_html(
            '<dl class="console-facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
        )

    def history_title(self, request: HttpRequest, record: Any) -> str:
        return str(record.reference)

    def history_value(self, request: HttpRequest, record: Any, name: str) -> Any:
        actor = request.actor  # type: ignore[attr-defined]
        definition = line_definition(BusinessLine(pk=record.line_id), record.version)
        if name == "data":
            return _values(actor, definition, record.data)
        value = super().history_value(request, record, name)
        return _personal(actor, definition, name, value) if name in PERSONAL else value

    def _may_delete(self, request: HttpRequest, object_id: Any, *, withdrawn: bool) -> bool:
        if not object_id or not request.actor.may(Area.LEADS, "delete"):  # type: ignore[attr-defined]
            return False
        lead = self.get_object(request, object_id)
        return lead is not None and (lead.deleted_at is not None) is withdrawn

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_delete(request, object_id, withdrawn=False)

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_delete(request, object_id, withdrawn=True)

    @action(description=_("Withdraw"), icon="visibility_off", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lead = self.found(request, object_id)
        return self.confirm(
            request,
            lead,
            title=_("Withdraw %(lead)s?") % {"lead": lead.reference},
            text=_(
                "It leaves every list and search, and frees its phone and other keys. It can be restored."
            ),
            button=_("Withdraw"),
            work=lambda: withdraw_lead(actor=request.actor, reference=lead.reference),  # type: ignore[attr-defined]
            done=_("%(lead)s is withdrawn.") % {"lead": lead.reference},
        )

    @action(description=_("Restore"), icon="settings_backup_restore", permissions=["restore"])
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lead = self.found(request, object_id)
        return self.confirm(
            request,
            lead,
            title=_("Restore %(lead)s?") % {"lead": lead.reference},
            text=_(
                "It comes back into lists and search, unless another lead has its phone or other keys now."
            ),
            button=_("Restore"),
            work=lambda: restore_lead(actor=request.actor, reference=lead.reference),  # type: ignore[attr-defined]
            done=_("%(lead)s is restored.") % {"lead": lead.reference},
        )


def _personal(actor: Actor, definition: LineDefinition, attribute: str, value: Any) -> str:
    """A core attribute as the actor may see it: as the field that fills it, or masked where none does any more."""
    item = definition.core_fields.get(attribute)
    if item is not None:
        return shown(as_plain(value), sight_everywhere(actor, item), item.type)
    return as_plain(value) if actor.may(Area.LEADS, "write") else shown(as_plain(value), Sight.MASKED)


def _values(actor: Actor, definition: LineDefinition, data: dict[str, Any]) -> dict[str, str]:
    """The values of a lead by label, as the actor may see them; fields that are hidden are left out."""
    result = {}
    for item in definition.fields:
        sight = sight_everywhere(actor, item)
        if item.key in data and sight is not Sight.HIDDEN:
            result[item.label] = shown(as_text(type_of(item).cell(item, data[item.key])), sight, item.type)
    return result


def as_plain(value: Any) -> str:
    """Return a value as text, nothing as ""."""
    return "" if value is None else str(value)
