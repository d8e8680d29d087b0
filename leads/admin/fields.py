"""Fields of lines' drafts."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.roles import ROLE_LABELS, Role
from core.admin.base import read_once
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from core.errors import NotPermitted
from leads.admin.building.building_form import BuildingAdmin
from leads.admin.field_forms import SEEN, FieldForm
from leads.admin.findings import shown_impact
from leads.admin.presenting import STATUS_TONES, remarks
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, Field, FieldStatus
from leads.queries.draft_edits import draft_token
from leads.queries.impact import USES, change_impact, field_impact
from leads.queries.lines import draft_definitions, published_definitions, visible_fields
from leads.services.lines import remove_field, restore_field, retire_field
from leads.services.previewing import capturing_roles

FIELDSETS = (
    (None, {"fields": ("line", "label", "key", "type", "section", "order", "width", "help", "placeholder", "status")}),
    (
        _("What is accepted"),
        {
            "fields": (
                "required", "unique", "choices", "choices_from", "accept", "max_size_mb", "formula", "decimals", "min",
                "max", "min_length", "max_length", "regex", "transform", "date_order", "min_age", "max_age",
                "default_region", "default", "empty_values",
            )
        },
    ),
    (_("When it is shown and required"), {"fields": ("visible_if", "required_if")}),
    (
        _("Where it is used, and by whom"),
        {"fields": ("maps_to", "aliases", "indexed", "pii", "visible_to", "editable_by")},
    ),
)  # fmt: skip
# What a copy of a field does not take over.
OF_ONE_FIELD = ("key", "order", "aliases", "maps_to", "status")


@admin.register(Field, site=console)
class FieldAdmin(BuildingAdmin):
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
    actions_detail = ("duplicate", "retire", "restore", "remove")
    change_form_outer_before_template = "console/leads/field_above.html"
    change_form_outer_after_template = "console/leads/field_preview.html"

    def rows(self, actor: Any) -> models.QuerySet:
        return visible_fields(actor)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        is_published = any(item.key == obj.key for item in _published(request, obj.line))
        return ("line", "key", "type", "decimals") if is_published else ("line",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.preview)
        own = [
            path("preview/", view, name="leads_field_preview_new"),
            path("<int:field_id>/preview/", view, name="leads_field_preview"),
        ]
        return [*own, *super().get_urls()]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new field may begin as a copy of another: all but what only one field can have."""
        copied = request.GET.get("copy", "")
        initial = super().get_changeform_initial_data(request)
        field = self.get_object(request, copied) if copied else None
        if field is None:
            return initial
        written = FieldDefinition.of(field).written()
        for name in OF_ONE_FIELD:
            written.pop(name, None)
        return {**written, "line": field.line_id, "label": _("%(label)s (copy)") % {"label": field.label}}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        field = self.get_object(request, object_id) if object_id else None
        beside = self._beside(request, field) if self.may_write(request) or field else {}
        if field is not None and self.may_write(request):
            beside[SEEN] = request.POST.get(SEEN) or draft_token(field.line)
        response = super().changeform_view(request, object_id, form_url, {**beside, **(extra_context or {})})
        context = getattr(response, "context_data", None) or {}
        if field is not None and "adminform" in context and context["adminform"].form.is_told:
            context[SEEN] = draft_token(field.line)
        return response

    def _beside(self, request: HttpRequest, field: Field | None) -> dict[str, Any]:
        """What stands below the form of a field: where it is used, and the form it will be on."""
        actor = request.actor  # type: ignore[attr-defined]
        context: dict[str, Any] = {
            "preview_roles": [(role.value, ROLE_LABELS[role]) for role in capturing_roles(actor)],
            "preview_role": Role.AGENT.value,
            "preview_link": reverse("admin:leads_field_preview", args=[field.pk])
            if field
            else reverse("admin:leads_field_preview_new"),
            "may_preview": self.may_write(request),
        }
        if field is None:
            return context
        impact = field_impact(actor, *_states(request, field), field.key)
        shown = shown_impact(impact, actor)
        return context | {"uses": shown[USES], "touched": shown.get(field.key, []), "shown_field": field}

    def preview(self, request: HttpRequest, field_id: int | None = None) -> HttpResponse:
        """The form of the line with the field as it is typed here, which is not saved."""
        if not self.may_write(request):
            raise NotPermitted
        field = self.found(request, str(field_id)) if field_id else None
        form = self.get_form(request, field, change=field is not None)(request.POST or None, instance=field)
        form.rehearses = True
        line = field.line if field else None
        unsaved = None
        if form.is_bound and form.is_valid():
            line = line or form.cleaned_data["line"]
            unsaved = form.definition()
        lines = self.admin_site.get_model_admin(BusinessLine)
        return lines.form_in_frame(  # type: ignore[attr-defined, no-any-return]
            request, line, unsaved=unsaved, tries=False, errors=form.errors if form.is_bound else {}
        )

    def after_saving(self, request: HttpRequest, row: Any, response: HttpResponse) -> HttpResponse:
        """Go back to the line, where its fields stand in order."""
        return redirect(f"{reverse('admin:leads_businessline_change', args=[row.line_id])}#fields")

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._another(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._another(request, obj) or super().response_change(request, obj)

    def _another(self, request: HttpRequest, field: Field) -> HttpResponse | None:
        """Where the next field is added: to the same section of the same line."""
        if "_addanother" not in request.POST:
            return None
        messages.success(request, _("%(field)s is saved. Add the next.") % {"field": field.label})
        query = urlencode({"line": field.line_id, "section": field.section})
        return redirect(f"{reverse('admin:leads_field_add')}?{query}")

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
        return field is not None and all(item.key != field.key for item in _published(request, field.line))

    def _is(self, request: HttpRequest, object_id: Any, *statuses: FieldStatus) -> bool:
        field = self.get_object(request, object_id) if object_id and self.may_write(request) else None
        return field is not None and field.status in statuses

    @action(description=_("Duplicate"), icon="content_copy", permissions=["write"])
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        field = self.found(request, object_id)
        return redirect(f"{reverse('admin:leads_field_add')}?copy={field.pk}")

    @action(description=_("Retire"), icon="archive", permissions=["retire"])
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        field = self.found(request, object_id)
        line, published, draft = _states(request, field)
        retired = [
            replace(item, status=FieldStatus.RETIRED) if item.key == field.key else item for item in draft
        ]
        impact = change_impact(request.actor, line, published, retired)  # type: ignore[attr-defined]
        return self.confirm(
            request,
            field,
            template="console/leads/retire.html",
            findings=shown_impact(impact, request.actor).get(field.key, []),  # type: ignore[attr-defined]
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


def _published(request: HttpRequest, line: BusinessLine) -> list[FieldDefinition]:
    return read_once(request, ("published", line.pk), lambda: published_definitions(line))


def _states(
    request: HttpRequest, field: Field
) -> tuple[BusinessLine, list[FieldDefinition], list[FieldDefinition]]:
    """A field's line, what of it is in force, and its draft."""
    return field.line, _published(request, field.line), draft_definitions(field.line)
