"""Calls about saved views and tags."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ErrorDetail, ValidationError

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.models import Membership
from accounts.queries.members import assignable_members
from accounts.roles import Area, Role
from core.api.calls import Call
from core.api.etags import precondition_of, tagged
from core.errors import NotVisible
from leads.api import view_documentation as documentation
from leads.api.filters import line_named, refuse_unknown_parameters
from leads.api.view_serializers import NewView, TagsBody, ViewChange
from leads.models import BusinessLine, SavedView
from leads.queries.lead_list import Catalog
from leads.queries.leads import get_lead
from leads.queries.lines import get_line
from leads.queries.saved_views import get_view, listed_views, may_change_view, read_view
from leads.queries.tags import tags_of, visible_tags
from leads.services.saved_views import change_view, delete_view, save_view
from leads.services.tags import set_lead_tags, withdraw_tag

# What bodies call otherwise than the service.
RENAMED = {"pinned": "is_pinned", "default": "is_default"}


class ViewListView(Call):
    """Saved views."""

    @extend_schema(**documentation.LIST_VIEWS)
    def get(self, request: Request) -> Response:
        """List the views that you may open."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        refuse_unknown_parameters(request, ("line",))
        found = listed_views(actor, line_named(actor, request.query_params.get("line", "")))
        catalogs: dict[int, Catalog] = {}
        results = [_shown(actor, view, catalogs) for view in found]
        return Response({"next": None, "previous": None, "results": results})

    @extend_schema(**documentation.CREATE_VIEW)
    def post(self, request: Request) -> Response:
        """Save a view of your own, or a shared one."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "read")
        given = _valid(NewView(data=request.data))
        line = _line(actor, given.pop("line"))
        view = save_view(actor=actor, line=line, settings=_settings(actor, given))
        address = request.build_absolute_uri(reverse("api:view-detail", kwargs={"view_id": view.pk}))
        shown = _shown(actor, get_view(actor, view.pk), {})
        return tagged(Response(shown, status=status.HTTP_201_CREATED, headers={"Location": address}))


class ViewView(Call):
    """One saved view."""

    @extend_schema(**documentation.READ_VIEW)
    def get(self, request: Request, view_id: str) -> Response:
        """Read a view."""
        actor = actor_of(request)
        return tagged(Response(_current(actor, int(view_id))))

    @extend_schema(**documentation.CHANGE_VIEW)
    def patch(self, request: Request, view_id: str) -> Response:
        """Change what is given of a view; the rest stays."""
        actor, number = actor_of(request), int(view_id)
        get_view(actor, number)
        given = _valid(ViewChange(data=request.data))
        change_view(
            actor=actor,
            view_id=number,
            settings=_settings(actor, given),
            precondition=precondition_of(request, lambda: _current(actor, number)),
        )
        return tagged(Response(_current(actor, number)))

    @extend_schema(**documentation.DELETE_VIEW)
    def delete(self, request: Request, view_id: str) -> Response:
        """Delete a view."""
        actor, number = actor_of(request), int(view_id)
        check = precondition_of(request, lambda: _current(actor, number))
        delete_view(actor=actor, view_id=number, precondition=check)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TagListView(Call):
    """Tags."""

    @extend_schema(**documentation.LIST_TAGS)
    def get(self, request: Request) -> Response:
        """List the tags."""
        results = [{"id": tag.pk, "name": tag.name} for tag in visible_tags(actor_of(request))]
        return Response({"next": None, "previous": None, "results": results})


class TagView(Call):
    """One tag."""

    @extend_schema(**documentation.WITHDRAW_TAG)
    def delete(self, request: Request, tag_id: str) -> Response:
        """Take a tag from all leads."""
        withdraw_tag(actor=actor_of(request), tag_id=int(tag_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LeadTagsView(Call):
    """The tags of a lead."""

    @extend_schema(**documentation.READ_LEAD_TAGS)
    def get(self, request: Request, reference: str) -> Response:
        """Read the tags of a lead."""
        return tagged(Response(_tags(actor_of(request), reference)))

    @extend_schema(**documentation.SET_LEAD_TAGS)
    def put(self, request: Request, reference: str) -> Response:
        """Let a lead carry these tags and no others."""
        actor = actor_of(request)
        actor.require(Area.LEADS, "write")
        get_lead(actor, reference, verb="write")
        tags = _valid(TagsBody(data=request.data))["tags"]
        check = precondition_of(request, lambda: _tags(actor, reference))
        set_lead_tags(actor=actor, reference=reference, tags=tags, precondition=check)
        return tagged(Response(_tags(actor, reference)))


def _valid(body: Any) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _line(actor: Actor, code: str) -> BusinessLine:
    try:
        return get_line(actor, code)
    except NotVisible:
        message = "No business line with this code is visible to you. See /api/v1/lines."
        raise ValidationError({"line": [ErrorDetail(message, code="choice")]}) from None


def _settings(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    """What is given as the service names it, the leader in place of the number."""
    settings = {RENAMED.get(name, name): value for name, value in given.items()}
    if "team" in settings:
        leaders = assignable_members(actor).filter(roles__contains=[Role.TEAM_LEADER])
        settings["team"] = leaders.filter(pk=settings["team"]).first()
        if settings["team"] is None:
            message = "No team leader with this number may be chosen by you."
            raise ValidationError({"team": [ErrorDetail(message, code="choice")]})
    return settings


def _current(actor: Actor, number: int) -> dict[str, Any]:
    return _shown(actor, get_view(actor, number), {})


def _shown(actor: Actor, view: SavedView, catalogs: dict[int, Catalog]) -> dict[str, Any]:
    """A view as its reader may know it: what is closed to them is left out."""
    catalog = catalogs.setdefault(view.line_id, Catalog(actor, view.line))
    read = read_view(actor, view, catalog)
    return {
        "id": view.pk,
        "name": view.name,
        "line": view.line.code,
        "owner": _person(view.owner),
        "sharing": view.sharing,
        "role": view.role,
        "team": _person(view.team),
        "search": view.search,
        "conditions": read.conditions,
        "columns": read.columns,
        "ordering": read.ordering,
        "layout": view.layout,
        "pinned": view.is_pinned,
        "default": view.is_default,
        "notes": read.notes,
        "may_change": may_change_view(actor, view),
    }


def _person(member: Membership | None) -> dict[str, Any] | None:
    return {"id": member.pk, "name": str(member)} if member else None


def _tags(actor: Actor, reference: str) -> dict[str, Any]:
    lead = get_lead(actor, reference)
    return {"lead": lead.reference, "tags": tags_of(lead)}
