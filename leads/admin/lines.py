"""Business lines: their settings, their fields in order, and publication with the difference shown first."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin.dashboard import Queue, QueueItem, register_queue
from core.admin.forms import LinesField, ServiceForm
from core.admin.menu import CONFIGURE, MenuPlace
from core.admin.site import console
from leads.admin.building.layout_page import LayoutAdmin
from leads.admin.differences import summary
from leads.admin.presenting import shown_fields
from leads.models import BusinessLine
from leads.queries.form_order import form_sections
from leads.queries.line_changes import compare_definitions
from leads.queries.lines import draft_definitions, published_definitions, unpublished_lines, visible_lines
from leads.services.lines import create_line, update_line

SHOWN = 5


LINE_SETTINGS = (
    "name", "code", "currency", "duplicate_match", "on_duplicate", "stages", "complete_fields", "quality_target",
    "score_bounded", "is_active",
)  # fmt: skip


class LineForm(ServiceForm):
    """A line's own settings."""

    duplicate_match = LinesField(
        label=_("Duplicate match"),
        help_text=_(
            "What tells a repeat, one way per line: a field's key or phone, email, name, amount, city, region;"
            " join with + what must agree together. For example:<br>phone<br>name+city"
        ),
    )
    stages = LinesField(
        label=_("Stages"),
        help_text=_(
            "The steps of a lead in this line, one per line, in order. New leads begin with the first."
        ),
        initial=["new", "contacted", "qualified", "documents", "decision"],
    )

    complete_fields = LinesField(
        label=_("Fields of a complete lead"),
        help_text=_(
            "Keys of the fields that a complete lead has filled, one per line, for the line's data quality;"
            " none: those that are required. For example:<br>mobile<br>monthly_income"
        ),
        required=False,
    )

    class Meta:
        model = BusinessLine
        fields = LINE_SETTINGS
        help_texts = {
            "name": _("As people read it, such as Personal loan."),
            "code": _("Names the line in files, commands and the API, such as personal_loan. Never changes."),
            "currency": _("What its amounts are in."),
            "on_duplicate": _("What happens when an enquiry repeats a lead that is there."),
            "quality_target": _("Per cent of the leads that are to be complete, valid and unduplicated."),
            "score_bounded": _("A sum of points below 0 counts as 0, one above 100 as 100."),
            "is_active": _("An inactive line takes no new leads; those it has stay."),
        }

    def perform(self, values: dict[str, Any]) -> BusinessLine:
        if self.is_new:
            return create_line(actor=self.actor, **values)
        changes = {name: value for name, value in values.items() if name != "code"}
        return update_line(actor=self.actor, line=self.instance, **changes)


@admin.register(BusinessLine, site=console)
class BusinessLineAdmin(LayoutAdmin):
    """Lines; the page of one has its fields below the settings."""

    menu = MenuPlace(CONFIGURE, 10, "category")
    form = LineForm
    can_add = True
    can_change = True
    list_display = ("name", "code", "state", "number_of_fields", "on_duplicate", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "code")
    ordering = ("name", "id")
    fields = LINE_SETTINGS
    change_form_outer_after_template = "console/leads/line_fields.html"
    actions_detail = ("publish",)

    def rows(self, actor: Any) -> models.QuerySet:
        active = models.Count("fields", filter=models.Q(fields__status="active"))
        return visible_lines(actor).annotate(active_fields=active)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        waiting = {line.pk for line in unpublished_lines(request.actor, list(changelist.result_list))}  # type: ignore[attr-defined]
        for line in changelist.result_list:
            line.has_draft = line.pk in waiting
        return changelist

    @display(
        description=_("State"),
        label={"published": "success", "draft": "warning", "unpublished": "info"},
    )
    def state(self, line: Any) -> tuple[str, Any]:
        if not line.version:
            return "unpublished", _("Not published")
        if line.has_draft:
            return "draft", _("Changes not published")
        return "published", _("Version %(number)s in force") % {"number": line.version}

    @admin.display(description=_("Fields"), ordering="active_fields")
    def number_of_fields(self, line: Any) -> int:
        return int(line.active_fields)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        line = self.get_object(request, object_id) if object_id else None
        shown = self._fields_context(request, line) if line else {}
        return super().changeform_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def _fields_context(self, request: HttpRequest, line: BusinessLine) -> dict[str, Any]:
        draft = draft_definitions(line)
        changes = compare_definitions(published_definitions(line), draft)
        return {
            "line": line,
            "sections": [
                {
                    "title": section.title
                    or (_("Without a section") if section.is_on_form else _("Not on the form")),
                    "is_on_form": section.is_on_form,
                    "fields": shown_fields(section.fields),
                }
                for section in form_sections(draft)
            ],
            "number_of_fields": len(draft),
            "number_of_changes": len(changes),
            "summary": summary(changes),
            "may_configure": self.may_write(request),
            "layout_link": reverse("admin:leads_businessline_layout", args=[line.pk]),
            "add_link": f"{reverse('admin:leads_field_add')}?line={line.pk}",
            "proposal_link": f"{reverse('leads:proposal_new')}?line={line.code}",
            "add_copy_link": f"{reverse('admin:leads_field_add')}?copy=",
            "publish_link": reverse("admin:leads_businessline_publish", args=[line.pk]),
            "preview_link": reverse("admin:leads_businessline_preview", args=[line.pk]),
            "versions_link": reverse("admin:leads_businessline_versions", args=[line.pk]),
            "discard_link": reverse("admin:leads_businessline_discard", args=[line.pk])
            if line.version
            else "",
        }

    def after_saving(self, request: HttpRequest, row: Any, response: HttpResponse) -> HttpResponse:
        """Stay on the line: its fields come next."""
        return redirect(self.address(row))


@register_queue(10)
def drafts_to_publish(actor: Any) -> Queue | None:
    """Lines whose draft differs from what is in force."""
    if not actor.may("configuration", "write"):
        return None
    lines = unpublished_lines(actor)
    return Queue(
        title=_("Drafts to publish"),
        icon="edit_note",
        count=len(lines),
        link=reverse("admin:leads_businessline_changelist"),
        advice=_("Look at the difference and publish, so that forms and files know the fields."),
        items=[
            QueueItem(
                line.name,
                reverse("admin:leads_businessline_publish", args=[line.pk]),
                _("never published")
                if not line.version
                else _("version %(number)s in force") % {"number": line.version},
            )
            for line in lines[:SHOWN]
        ],
    )
