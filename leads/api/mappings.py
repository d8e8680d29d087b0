"""Calls about saved mappings: which there are, what each reads, another name, and the end of one."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api.callers import actor_of
from accounts.queries.members import names_of_users
from accounts.roles import Area
from core.api.calls import Call
from core.api.etags import precondition_of, tagged
from core.api.listing import Page
from core.errors import ApplicationError
from core.models import SavedMapping
from core.queries.saved_mappings import may_change_mapping
from core.services.saved_mappings import delete_mapping, rename_mapping
from leads.api import mapping_documentation as documentation
from leads.queries.saved_mappings import columns_shown, get_lead_mapping, lead_mappings

ORDERINGS = {"name": ("name", "pk"), "created": ("pk",)}


class MappingListView(Call):
    """Saved mappings."""

    @extend_schema(**documentation.LIST_MAPPINGS)
    def get(self, request: Request) -> Response:
        """List how files were matched, by name."""
        actor = actor_of(request)
        page = Page(request, lead_mappings(actor), filters=documentation.MappingFilter, orderings=ORDERINGS)
        people = names_of_users({mapping.created_by_id for mapping in page.rows})
        return Response(page.answer([_written(request, actor, each, people) for each in page.rows]))


class MappingView(Call):
    """One saved mapping."""

    @extend_schema(**documentation.READ_MAPPING)
    def get(self, request: Request, mapping_id: str) -> Response:
        """Tell what a saved mapping reads."""
        return tagged(Response(_current(request, actor_of(request), int(mapping_id))))

    @extend_schema(**documentation.CHANGE_MAPPING)
    def patch(self, request: Request, mapping_id: str) -> Response:
        """Give a saved mapping another name."""
        actor, number = actor_of(request), int(mapping_id)
        get_lead_mapping(actor, number)
        actor.require(Area.LEAD_FILES, "write")
        body = documentation.MappingChange(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            rename_mapping(
                actor=actor,
                mapping_id=number,
                name=body.validated_data["name"],
                precondition=precondition_of(request, lambda: _current(request, actor, number)),
            )
        except ApplicationError as error:
            # What a page calls the name of the next file's mapping.
            if problems := error.fields.pop("remember_as", None):
                error.fields["name"] = problems
            raise
        return tagged(Response(_current(request, actor, number)))

    @extend_schema(**documentation.DELETE_MAPPING)
    def delete(self, request: Request, mapping_id: str) -> Response:
        """Forget a saved mapping."""
        actor, number = actor_of(request), int(mapping_id)
        get_lead_mapping(actor, number)
        check = precondition_of(request, lambda: _current(request, actor, number))
        delete_mapping(actor=actor, mapping_id=number, precondition=check)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _current(request: Request, actor: Actor, number: int) -> dict[str, Any]:
    mapping = get_lead_mapping(actor, number)
    columns = [
        {
            "header": column.header,
            "state": column.state,
            "target": column.target or None,
            "label": column.label or None,
        }
        for column in columns_shown(actor, mapping)
    ]
    people = names_of_users({mapping.created_by_id})
    return {**_written(request, actor, mapping, people), "columns": columns}


def _written(
    request: Request, actor: Actor, mapping: SavedMapping, people: Mapping[int | None, str]
) -> dict[str, Any]:
    told: Any = mapping
    address = reverse("api:mapping-detail", kwargs={"mapping_id": mapping.pk})
    return {
        "id": mapping.pk,
        "name": mapping.name,
        "line": mapping.target,
        "columns_count": len(mapping.columns),
        "created": mapping.created_at.isoformat(),
        "created_by": people.get(mapping.created_by_id, ""),
        "used": told.used_at.isoformat() if told.used_at else None,
        "may_change": may_change_mapping(actor, mapping),
        "address": request.build_absolute_uri(address),
    }
