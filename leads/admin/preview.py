"""A draft's form as people of each role will meet it, before it is published.

The console's page frames the form itself, which is drawn by the pages' own form, styles and scripts, in a
window of its own so that it is as wide as a phone or a desk.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import ROLE_LABELS, Role
from core.errors import ApplicationError
from core.middleware import FRAMED_POLICY
from leads.admin.building.form_layout import FormLayout, read_layout
from leads.admin.publishing import PublishingAdmin
from leads.fields.line import LineDefinition
from leads.models import BusinessLine
from leads.pages.forms import LeadForm
from leads.pages.views import show_problems
from leads.presentation import LeadReader
from leads.queries.lines import draft_definitions
from leads.services.previewing import (
    Absence,
    DraftForm,
    as_role,
    capturing_roles,
    draft_form,
    left_out,
    try_values,
)

WIDTHS = {"phone": _("Phone"), "desk": _("Desk")}
ABSENCES = {
    Absence.HIDDEN: _("not visible to this role"),
    Absence.LOCKED: _("seen, not filled in by this role"),
    Absence.COMPUTED: _("computed"),
    Absence.NOT_ACTIVE: _("not active"),
}
# A field that is not saved yet, in the configuration file's form, handed from one preview to the next.
UNSAVED = "unsaved-field"
# A layout that is not saved yet, handed on in the same way.
UNSAVED_LAYOUT = "unsaved-layout"
NO_ERRORS: Mapping[str, Sequence[Any]] = MappingProxyType({})


class PreviewAdmin(PublishingAdmin):
    """The pages of a line that show its form."""

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "<int:line_id>/preview/",
                self.admin_site.admin_view(self.preview),
                name="leads_businessline_preview",
            ),
            path(
                "<int:line_id>/form/",
                self.admin_site.admin_view(self.framed_form),
                name="leads_businessline_form",
            ),
        ]
        return [*own, *super().get_urls()]

    def preview(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """The form of the draft in a frame, and what is not on it."""
        line = self.line_of(request, line_id)
        actor = request.actor  # type: ignore[attr-defined]
        roles = capturing_roles(actor)
        role = _chosen(request, roles)
        width = request.GET.get("width", "") if request.GET.get("width") in WIDTHS else "phone"
        draft = draft_form(actor, line)
        absent = left_out(as_role(actor, role), draft.definition) if role else []
        return self.line_page(
            request,
            line,
            "console/leads/preview.html",
            title=_("The form of %(line)s") % {"line": line.name},
            roles=[
                {"label": ROLE_LABELS[each], "active": each is role, "query": f"role={each}&width={width}"}
                for each in roles
            ],
            widths=[
                {"label": label, "active": name == width, "query": f"role={role}&width={name}"}
                for name, label in WIDTHS.items()
            ],
            width=width,
            role_label=ROLE_LABELS[role] if role else "",
            is_partner=role is Role.PARTNER,
            problems=draft.problems,
            has_fields=bool(draft.definition.active),
            absent=[
                {"label": each.item.label, "key": each.item.key, "why": ABSENCES[each.why]} for each in absent
            ],
            form_link=f"{reverse('admin:leads_businessline_form', args=[line.pk])}?role={role}",
        )

    def framed_form(self, request: HttpRequest, line_id: int) -> HttpResponse:
        """The form itself. Posted, its values are judged as the service would, and nothing is saved."""
        line = self.line_of(request, line_id)
        layout = None
        if text := request.POST.get(UNSAVED_LAYOUT, ""):
            layout = read_layout(text, {item.key: item for item in draft_definitions(line)})
        return self.form_in_frame(
            request, line, unsaved=_unsaved(request.POST), tries=request.method == "POST", layout=layout
        )

    def form_in_frame(
        self,
        request: HttpRequest,
        line: BusinessLine | None,
        *,
        unsaved: Mapping[str, Any] | None,
        tries: bool,
        errors: Mapping[str, Sequence[Any]] = NO_ERRORS,
        layout: FormLayout | None = None,
    ) -> HttpResponse:
        """Draw the form of a line's draft, with a field or a layout that is not saved yet in its place.

        `errors` say by setting why such a field could not even be read.
        """
        if line is None or errors:
            texts = [f"{name}: {text}" for name, found in errors.items() for text in found]
            return _framed(
                request, {"heading": _("New lead"), "texts": texts or [_("Choose the business line.")]}
            )
        actor = request.actor  # type: ignore[attr-defined]
        role = _chosen(request, capturing_roles(actor))
        draft = draft_form(actor, line, unsaved, layout.laid_out() if layout else ())
        context = {
            "heading": _("New lead"),
            "texts": [f"{problem.field or problem.setting}: {problem.message}" for problem in draft.problems],
            "unsaved": json.dumps(unsaved) if unsaved else "",
            "UNSAVED": UNSAVED,
            "layout": layout.written() if layout else "",
            "UNSAVED_LAYOUT": UNSAVED_LAYOUT,
            "action": f"{reverse('admin:leads_businessline_form', args=[line.pk])}?role={role}",
            "today": timezone.now().astimezone(actor.organization.zone).date().isoformat(),
        }
        if role is not None and not draft.problems:
            context |= _form_context(request, actor, role, line, draft, tries=tries)
        return _framed(request, context)


def _framed(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Our own console may frame this one page; it has the policy of the pages whose form it shows."""
    response = TemplateResponse(request, "console/leads/framed_form.html", context)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = FRAMED_POLICY
    return response


def _form_context(
    request: HttpRequest, actor: Any, role: Role, line: BusinessLine, draft: DraftForm, *, tries: bool
) -> dict[str, Any]:
    looker = as_role(actor, role)
    given = (request.POST, request.FILES) if tries else (None, None)
    form = LeadForm(given[0], actor=looker, line=line, definition=draft.definition)
    kept = None
    if tries and form.is_valid():
        try:
            kept = try_values(looker, line, draft.definition, form.values())
        except ApplicationError as error:
            show_problems(form, error)
    return {
        "form": form,
        "sections": form.sections(),
        "is_tried": kept is not None,
        "kept": _kept(actor, line, draft.definition, kept) if kept is not None else [],
    }


def _kept(
    actor: Any, line: BusinessLine, definition: LineDefinition, data: dict[str, Any]
) -> list[dict[str, str]]:
    """What a lead of these values would hold, as text."""
    reader = LeadReader(actor)
    return [
        {"label": item.label, "text": reader.shown(line, item, data[item.key]).text}
        for item in definition.active
        if item.key in data
    ]


def _chosen(request: HttpRequest, roles: list[Role]) -> Role | None:
    """The role that the address asks for, else an agent, else the first that writes leads down."""
    asked = request.POST.get("preview-role") or request.GET.get("role", "")
    usual = Role.AGENT if Role.AGENT in roles else next(iter(roles), None)
    return next((role for role in roles if role.value == asked), usual)


def _unsaved(given: QueryDict) -> dict[str, Any] | None:
    try:
        read = json.loads(given.get(UNSAVED, "") or "null")
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
