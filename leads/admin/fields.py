"""Fields of lines' drafts."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ServiceModelAdmin
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.admin.field_forms import FieldForm
from leads.admin.presenting import STATUS_TONES, remarks
from leads.fields.definition import FieldDefinition
from leads.models import Field, FieldStatus
from leads.queries.lines import published_definitions, visible_fields
from leads.services.lines import remove_field, restore_field, retire_field

FIELDSETS = (
    (None, {"fields": ("line", "label", "key", "type", "section", "order", "help", "placeholder", "status")}),
    (
        _("What is accepted"),
        {
            "fields": (
                "required", "unique", "choices", "choices_from", "formula", "decimals", "min", "max", "min_length",
                "max_length", "regex", "transform", "date_order", "min_age", "max_age", "default_region", "default",
                "empty_values",
            )
        },
    ),
    (_("When it is shown and required"), {"fields": ("visible_if", "required_if")}),
    (
        _("Where it is used, and by whom"),
        {"fields": ("maps_to", "aliases", "indexed", "pii", "visible_to", "editable_by")},
    ),
)  # fmt: skip


@admin.register(Field, site=console)
class FieldAdmin(ServiceModelAdmin):
    """The fields that operations define; in force once their line is published."""

    menu = MenuPlace(CONFIGURE, 20, "list_alt")
    form = FieldForm
    can_add = True
    can_change = True
    list_display = ("label", "key", "line", "kind", "remarks", "state", "index")
    list_display_links = ("label", "key")
    list_filter = (("line", admin.RelatedOnlyFieldListFilter), "type", "status", "indexed")
    search_fields = ("label", "key")
    ordering = ("line__name", "order", "id")
    fieldsets = FIELDSETS
    actions_detail = ("retire", "restore", "remove")

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_fields(actor)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        is_published = any(item.key == obj.key for item in published_definitions(obj.line))
        return ("line", "key", "type", "decimals") if is_published else ("line",)

    def after_saving(self, request: HttpRequest, row: Any, response: HttpResponse) -> HttpResponse:
        """Go back to the line, where its fields stand in order."""
        return redirect(f"{reverse('admin:leads_businessline_change', args=[row.line_id])}#fields")

    @admin.display(description=_("Type"), ordering="type")
    def kind(self, field: Field) -> str:
        return field.get_type_display()

    @admin.display(description=_("Remarks"))
    def remarks(self, field: Field) -> str:
        return remarks(FieldDefinition.of(field)) or "—"

    @display(description=_("Status"), ordering="status", label=STATUS_TONES)
    def state(self, field: Field) -> tuple[str, str]:
        return field.status, field.get_status_display()

    @display(description=_("Fast filters"), label={"ready": "success", "filling": "warning", "none": ""})
    def index(self, field: Field) -> tuple[str, Any]:
        if not field.indexed:
            return "none", _("no")
        return ("ready", _("ready")) if field.index_ready_at else ("filling", _("not yet"))

    def has_retire_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, FieldStatus.ACTIVE)

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is(request, object_id, FieldStatus.RETIRED, FieldStatus.DRAFT)

    def has_remove_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        field = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return field is not None and all(item.key != field.key for item in published_definitions(field.line))

    def _is(self, request: HttpRequest, object_id: Any, *statuses: FieldStatus) -> bool:
        field = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return field is not None and field.status in statuses

    @action(description=_("Retire"), icon="archive", permissions=["retire"])
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        field = self.found(request, object_id)
        return self.confirm(
            request,
            field,
            title=_("Retire %(field)s?") % {"field": field.label},
            text=_(
                "With the next publication it leaves forms and files. Values that leads have stay readable."
            ),
            button=_("Retire"),
            work=lambda: retire_field(actor=request.actor, field=field),  # type: ignore[attr-defined]
            done=_("%(field)s is retired. Publish the line to put it into force.") % {"field": field.label},
        )

    @action(description=_("Make active"), icon="unarchive", permissions=["restore"])
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        field = self.found(request, object_id)
        return self.confirm(
            request,
            field,
            title=_("Make %(field)s active?") % {"field": field.label},
            text=_("With the next publication it stands in forms and files."),
            button=_("Make active"),
            work=lambda: restore_field(actor=request.actor, field=field),  # type: ignore[attr-defined]
            done=_("%(field)s is active. Publish the line to put it into force.") % {"field": field.label},
        )

    @action(description=_("Remove"), icon="delete", permissions=["remove"])
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        field = self.found(request, object_id)
        response = self.confirm(
            request,
            field,
            title=_("Remove %(field)s?") % {"field": field.label},
            text=_("It was never published, so no lead has a value of it. History keeps what it was."),
            button=_("Remove"),
            work=lambda: remove_field(actor=request.actor, field=field),  # type: ignore[attr-defined]
            done=_("%(field)s is removed.") % {"field": field.label},
        )
        line_page = reverse("admin:leads_businessline_change", args=[field.line_id])
        return redirect(f"{line_page}#fields") if response.status_code == 302 else response
