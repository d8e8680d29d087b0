"""Leads in the console: found, read, withdrawn and restored. Work on them is done on their pages."""

from collections.abc import Callable
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
from accounts.masking import Sight, shown, sight_everywhere, strictest
from accounts.roles import Area
from core.admin.audit import as_text
from core.admin.base import ReadOnlyAdmin, moment_column
from core.admin.dashboard import Words
from core.admin.menu import BRING_IN, MenuPlace
from core.admin.site import console
from leads.fields.definition import FieldDefinition
from leads.fields.line import line_definition
from leads.fields.types import type_of
from leads.models import BusinessLine, FieldKind, Lead
from leads.queries.lines import visible_lines
from leads.queries.named import References
from leads.queries.withdrawn import leads_with_withdrawn
from leads.services.leads import restore_lead, withdraw_lead

TONES = {
    "new": "info", "in_progress": "primary", "approved": "success", "rejected": "danger", "converted": "success",
    "closed": "",
}  # fmt: skip
PERSONAL = ("name", "phone", "email", "amount", "city", "region")
# The amount once more, for sorting: history tells the amount itself, to whoever may read it.
DERIVED = ("amount_minor",)


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
        return _Sights(lead.reader, lead.line, lead.version).attribute("name", lead.name) or "—"

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
        rows = _Sights(lead.reader, lead.line, lead.version).values(lead.data).items()
        return format_html(
            '<dl class="console-facts">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
        )

    def history_title(self, request: HttpRequest, record: Any) -> str:
        return str(record.reference)

    def history_value(self, request: HttpRequest, record: Any, name: str) -> Any:
        if name in DERIVED:
            return None
        value = super().history_value(request, record, name)
        if name != "data" and name not in PERSONAL:
            return value
        sights = _Sights(request.actor, _line_of(request, record.line_id), record.version)  # type: ignore[attr-defined]
        return sights.values(value) if name == "data" else sights.attribute(name, value)

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
        return self._ask(
            request,
            object_id,
            withdraw_lead,
            button=_("Withdraw"),
            title=_("Withdraw %(lead)s?"),
            text=_(
                "It leaves every list and search, and frees its phone and other keys. It can be restored."
            ),
            done=_("%(lead)s is withdrawn."),
        )

    @action(description=_("Restore"), icon="settings_backup_restore", permissions=["restore"])
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            restore_lead,
            button=_("Restore"),
            title=_("Restore %(lead)s?"),
            text=_(
                "It comes back into lists and search, unless another lead has its phone or other keys now."
            ),
            done=_("%(lead)s is restored."),
        )

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        service: Callable[..., Any],
        *,
        button: Words,
        title: Words,
        text: Words,
        done: Words,
    ) -> HttpResponse:
        """Call a service with the lead once it is confirmed; `title` and `done` may name it as %(lead)s."""
        lead = self.found(request, object_id)
        named = {"lead": lead.reference}
        return self.confirm(
            request,
            lead,
            title=str(title) % named,
            text=text,
            button=button,
            work=lambda: service(actor=request.actor, reference=lead.reference),  # type: ignore[attr-defined]
            done=str(done) % named,
        )


class _Sights:
    """What an actor may see of a lead whose values were written under a version of its line.

    The strictest counts of that version and the one in force: a field that has become personal data since is
    masked in old values too, and one that was personal data stays so in the values of its time.
    """

    def __init__(self, actor: Actor, line: BusinessLine, version: int) -> None:
        self.actor = actor
        self.references = References(actor)
        self.written, self.today = line_definition(line, version), line_definition(line)

    def attribute(self, name: str, value: Any) -> str:
        """A core attribute: as the fields that fill it, or masked where none does any more."""
        items = [each.core_fields[name] for each in (self.written, self.today) if name in each.core_fields]
        if items:
            return shown(as_plain(value), self._strictest(items), items[0].type)
        sight = Sight.CLEAR if self.actor.may(Area.LEADS, "write") else Sight.MASKED
        return shown(as_plain(value), sight)

    def values(self, data: dict[str, Any]) -> dict[str, str]:
        """The values by the labels of today; fields that are hidden are left out."""
        result = {}
        for key, item in {**self.today.by_key, **self.written.by_key}.items():
            today = self.today.by_key.get(key, item)
            sight = self._strictest([item, today])
            if key in data and sight is not Sight.HIDDEN:
                text = self._text(item, data[key])
                result[today.label] = shown(text, sight, item.type)
        return result

    def _text(self, item: FieldDefinition, stored: Any) -> str:
        if item.type is FieldKind.USER:
            return self.references.name(stored)
        return as_text(type_of(item).cell(item, stored))

    def _strictest(self, items: list[FieldDefinition]) -> Sight:
        return strictest(sight_everywhere(self.actor, item) for item in items)


def _line_of(request: HttpRequest, line_id: int) -> BusinessLine:
    """The line of a history record, read once per request."""
    lines: dict[int, BusinessLine] = request.__dict__.setdefault("lines_of_history", {})
    if line_id not in lines:
        lines[line_id] = BusinessLine.objects.get(pk=line_id)
    return lines[line_id]


def as_plain(value: Any) -> str:
    """Return a value as text, nothing as ""."""
    return "" if value is None else str(value)
