"""Pages of saved views: those that one may open, a new one, changing one."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import Actor
from accounts.queries.members import assignable_members
from accounts.roles import ROLE_LABELS, Area, Role
from core.errors import ApplicationError, NotPermitted
from leads.models import BusinessLine, SavedView, ViewSharing
from leads.models.saved_view import LONGEST_VIEW_NAME
from leads.pages.imports.presenting import actor_of
from leads.pages.lists.state import ListState
from leads.pages.views import chosen_line
from leads.queries.lead_list import Catalog, both_rules, parse_filters, parse_rule_text
from leads.queries.lines import list_usable_lines
from leads.queries.saved_views import get_view, listed_views, may_change_view, oversees_views
from leads.services.saved_views import change_view, delete_view, save_view


class ViewForm(forms.Form):
    """How a view is called, and for whom it is. `offered` are the ways of sharing that the actor has."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_VIEW_NAME)
    sharing = forms.ChoiceField(label=gettext_lazy("Shared with"))
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    team = forms.ModelChoiceField(label=gettext_lazy("Team of"), queryset=None, required=False)
    is_pinned = forms.BooleanField(
        label=gettext_lazy("Pinned"), required=False, help_text=gettext_lazy("Stands beside the list.")
    )
    is_default = forms.BooleanField(
        label=gettext_lazy("Default"),
        required=False,
        help_text=gettext_lazy("The list begins with it, for those whom it is shared with."),
    )
    take_list = forms.BooleanField(
        label=gettext_lazy("Take filters, columns, sort and layout of the list as it is now"), required=False
    )

    def __init__(self, *arguments: Any, actor: Actor, is_new: bool, has_list: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        ways = [ViewSharing.PRIVATE]
        if oversees_views(actor):
            ways += [ViewSharing.TEAM, ViewSharing.ROLE, ViewSharing.ORGANIZATION]
        elif Role.TEAM_LEADER in actor.roles:
            ways.append(ViewSharing.TEAM)
        self.fields["sharing"].choices = [(way.value, way.label) for way in ways]
        if ViewSharing.ROLE in ways:
            self.fields["role"].choices = [
                ("", "—"),
                *((role.value, text) for role, text in ROLE_LABELS.items()),
            ]
        else:
            del self.fields["role"]
        if ViewSharing.TEAM in ways:
            leaders = assignable_members(actor).filter(roles__contains=[Role.TEAM_LEADER])
            self.fields["team"].queryset = leaders
        else:
            del self.fields["team"]
        self._show_where_it_counts("role", ViewSharing.ROLE)
        self._show_where_it_counts("team", ViewSharing.TEAM)
        if is_new or not has_list:
            del self.fields["take_list"]
        if len(ways) == 1:
            del self.fields["sharing"]

    def _show_where_it_counts(self, name: str, way: ViewSharing) -> None:
        """Ask for a role or a team only while the view is shared with one; the server needs neither otherwise."""
        if name not in self.fields:
            return
        rule = {"field": "sharing", "op": "eq", "value": way.value}
        for each in ("sharing", name):
            self.fields[each].rule_key, self.fields[each].field_type = each, "select"  # type: ignore[attr-defined]
        self.fields[name].visible_if = rule  # type: ignore[attr-defined]

    def settings(self) -> dict[str, Any]:
        """What the service is told."""
        return {name: value for name, value in self.cleaned_data.items() if name != "take_list"}


@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """The views of a line that one may open."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    line = chosen_line(request, lines)
    rows = [
        {
            "name": view.name,
            "url": f"{reverse('leads:list')}?line={line.code}&view={view.pk}",
            "sharing": shared_with(view),
            "owner": str(view.owner),
            "is_default": view.is_default,
            "is_pinned": view.is_pinned,
            "layout": view.get_layout_display(),
            "edit_url": reverse("leads:view", args=[view.pk]) if may_change_view(actor, view) else "",
        }
        for view in listed_views(actor, line)
    ]
    tabs = (
        [{"label": each.name, "url": f"?line={each.code}", "active": each == line} for each in lines]
        if len(lines) > 1
        else []
    )
    context = {"rows": rows, "line": line, "line_tabs": tabs, "list_url": _list_of(line)}
    return render(request, "leads/views.html", context)


def shared_with(view: SavedView) -> str:
    """Return in words for whom a view is."""
    match view.sharing:
        case ViewSharing.ROLE:
            return str(ROLE_LABELS[Role(view.role)])
        case ViewSharing.TEAM:
            return _("Team of %(name)s") % {"name": view.team}
    return view.get_sharing_display()


@require_http_methods(["GET", "HEAD", "POST"])
def view_new(request: HttpRequest) -> HttpResponse:
    """Save the list of this address as a view."""
    actor = actor_of(request)
    actor.require(Area.LEADS, "read")
    lines = list_usable_lines(actor)
    if not lines:
        return redirect("leads:list")
    line = chosen_line(request, lines)
    form = ViewForm(
        request.POST or None, actor=actor, is_new=True, has_list=True, initial={"is_pinned": True}
    )
    if request.method == "POST" and form.is_valid():
        try:
            settings = {**form.settings(), **list_settings(request.GET, actor, line)}
            view = save_view(actor=actor, line=line, settings=settings)
        except ApplicationError as error:
            _show(form, error)
        else:
            messages.success(request, _("The view is saved."))
            return redirect(_address(view))
    return _form_page(request, form, line, _("Save this list as a view"))


@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request: HttpRequest, view_id: int) -> HttpResponse:
    """Change a view: how it is called, for whom it is, and, coming from its list, what it asks for."""
    actor = actor_of(request)
    view = get_view(actor, view_id)
    if not may_change_view(actor, view):
        raise NotPermitted(f"The view “{view.name}” is another person's. Save it as your own to change it.")
    initial = {name: getattr(view, name) for name in ("name", "sharing", "role", "is_pinned", "is_default")}
    has_list = "own" in request.GET
    form = ViewForm(
        request.POST or None,
        actor=actor,
        is_new=False,
        has_list=has_list,
        initial={**initial, "team": view.team_id, "take_list": has_list},
    )
    if request.method == "POST" and form.is_valid():
        try:
            settings = form.settings()
            if form.cleaned_data.get("take_list"):
                settings |= list_settings(request.GET, actor, view.line)
            changed = change_view(actor=actor, view_id=view.pk, settings=settings)
        except ApplicationError as error:
            _show(form, error)
        else:
            messages.success(request, _("The view is saved."))
            return redirect(_address(changed))
    extra = {"delete_url": reverse("leads:view_delete", args=[view.pk])}
    return _form_page(request, form, view.line, _("Edit %(name)s") % {"name": view.name}, extra)


@require_POST
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Take a view away."""
    view = delete_view(actor=actor_of(request), view_id=view_id)
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
    return redirect(f"{reverse('leads:views')}?line={view.line.code}")


def list_settings(given: QueryDict, actor: Actor, line: BusinessLine) -> dict[str, Any]:
    """Return what the list of an address asks for, as settings of a view. Raises ValidationFailed."""
    catalog = Catalog(actor, line)
    state = ListState(given, actor, line, catalog)
    conditions: Mapping[str, Any] | None = both_rules(
        parse_filters(catalog, state.filters()), parse_rule_text(catalog, state.parameters.get("rule", ""))
    )
    return {
        "conditions": conditions,
        "search": state.parameters.get("search", "").strip(),
        "columns": state.parameters.getlist("columns"),
        "ordering": state.parameters.get("sort", ""),
        "layout": "board" if state.is_board else "table",
    }


def _show(form: ViewForm, error: ApplicationError) -> None:
    for name, problems in error.fields.items():
        for problem in problems:
            form.add_error(name if name in form.fields else None, problem.message)
    if not error.fields:
        form.add_error(None, error.message)


def _form_page(
    request: HttpRequest,
    form: ViewForm,
    line: BusinessLine,
    heading: str,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    context = {"form": form, "heading": heading, "list_url": _list_of(line), **(extra or {})}
    is_refused = form.is_bound and bool(form.errors)
    return render(request, "leads/view_form.html", context, status=422 if is_refused else 200)


def _list_of(line: BusinessLine) -> str:
    return f"{reverse('leads:list')}?line={line.code}"


def _address(view: SavedView) -> str:
    return f"{_list_of(view.line)}&view={view.pk}"
