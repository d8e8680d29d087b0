"""The page on which a line's form is arranged: fields between sections, their order and width, sections themselves.

Nothing is saved until it is asked for; until then the page carries the layout, and the form beside it shows it.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from accounts.roles import ROLE_LABELS, Role
from core.admin.forms import in_words
from core.errors import ApplicationError, NotPermitted
from leads.admin.building.form_layout import FormLayout, act, layout_of, typed_layout
from leads.admin.preview import PreviewAdmin
from leads.fields.checks.settings import suits
from leads.fields.definition import FieldDefinition
from leads.models import BusinessLine, Field
from leads.queries.draft_edits import draft_token
from leads.queries.lines import draft_definitions
from leads.services.layout import arrange_fields
from leads.services.previewing import capturing_roles

PART, SAVE, SHOW = "part", "save", "show"
WIDTHS = Field._meta.get_field("width").choices or ()


class LayoutAdmin(PreviewAdmin):
    """The page of a line that arranges its form."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.layout)
        return [path("<int:line_id>/layout/", view, name="leads_businessline_layout"), *super().get_urls()]

    def layout(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """The layout of the draft, or, posted, as it is arranged now: shown, drawn as the form, or saved."""
        line = self.line_of(request, line_id)
        if not self.may_write(request):
            raise NotPermitted
        definitions = {item.key: item for item in draft_definitions(line)}
        if request.method != "POST":
            layout = layout_of(list(definitions.values()), line.empty_sections)
            return self._layout_page(request, line, definitions, layout, draft_token(line))
        layout = typed_layout(request.POST, definitions)
        action = request.POST.get("do", "")
        seen = request.POST.get("seen", "")
        if action == SHOW:
            return self.form_in_frame(request, line, unsaved=None, tries=False, layout=layout)
        if action == SAVE:
            return self._save(request, line, definitions, layout, seen)
        act(layout, action)
        return self._layout_page(request, line, definitions, layout, seen, is_changed=True)

    def _save(
        self,
        request: HttpRequest,
        line: BusinessLine,
        definitions: dict[str, FieldDefinition],
        layout: FormLayout,
        seen: str,
    ) -> HttpResponse:
        actor = request.actor  # type: ignore[attr-defined]
        try:
            arrange_fields(actor=actor, line=line, sections=layout.laid_out(), seen=seen)
        except ApplicationError as error:
            placed = False
            for place, section in enumerate(layout.sections):
                if problems := error.fields.get(f"sections[{place}].title"):
                    section.problem, placed = problems[0].message, True
            if not placed:
                messages.error(request, in_words(error))
            # Who saves again has been told what the others did.
            told = draft_token(line) if error.code == "draft_changed" else seen
            return self._layout_page(request, line, definitions, layout, told, is_changed=True)
        messages.success(request, _("The layout is saved. Publish the line to put it into force."))
        return redirect(reverse("admin:leads_businessline_layout", args=[line.pk]))

    def _layout_page(
        self,
        request: HttpRequest,
        line: BusinessLine,
        definitions: dict[str, FieldDefinition],
        layout: FormLayout,
        seen: str,
        *,
        is_changed: bool = False,
    ) -> HttpResponse:
        titles = [section.title or str(_("Without a title")) for section in layout.sections]
        context = {
            "sections": [
                {
                    "number": number,
                    "title": section.title,
                    "name": titles[number],
                    "problem": section.problem,
                    "fields": [_shown(definitions[key], layout) for key in section.keys],
                }
                for number, section in enumerate(layout.sections)
            ],
            "titles": list(enumerate(titles)),
            "widths": WIDTHS,
            "seen": seen,
            "is_changed": is_changed,
            "add_link": f"{reverse('admin:leads_field_add')}?line={line.pk}",
        }
        if request.POST.get(PART):
            return TemplateResponse(request, "console/leads/building/layout_part.html", context)
        roles = capturing_roles(request.actor)  # type: ignore[attr-defined]
        return self.line_page(
            request,
            line,
            "console/leads/building/layout.html",
            title=_("Arrange the form of %(line)s") % {"line": line.name},
            preview_roles=[(role.value, ROLE_LABELS[role]) for role in roles],
            preview_role=Role.AGENT.value,
            layout_link=reverse("admin:leads_businessline_layout", args=[line.pk]),
            publish_link=reverse("admin:leads_businessline_publish", args=[line.pk]),
            **context,
        )


def _shown(item: FieldDefinition, layout: FormLayout) -> dict[str, Any]:
    return {
        "key": item.key,
        "label": item.label,
        "type": item.type.label,
        "link": reverse("admin:leads_field_change", args=[item.id]),
        "width": layout.widths.get(item.key, ""),
        "has_width": suits("width", item.type),
    }
