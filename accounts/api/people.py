"""Calls about people: members, teams, oneself."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api import documentation
from accounts.api.callers import actor_of
from accounts.api.filters import MemberFilter, TeamFilter
from accounts.api.permissions import HasMembership, MayName
from accounts.api.presentation import member_payload, team_payload
from accounts.api.serializers import MemberChange, NewMember, ProfileChange
from accounts.models import Membership
from accounts.queries.managers import managers_of
from accounts.queries.members import get_member, visible_members
from accounts.queries.profile import uses_two_steps
from accounts.queries.teams import teams_below, visible_leaders
from accounts.roles import Area
from accounts.services import (
    change_profile,
    create_user,
    deactivate_member,
    reactivate_member,
    set_manager,
    update_member,
)
from accounts.services.leaving import open_ends_of
from core.api.calls import Call
from core.api.credentials import credential_of
from core.api.listing import Page
from core.errors import FieldError, NotVisible, ValidationFailed

MEMBER_ORDERS = {"id": ("id",), "name": ("name", "id"), "created": ("created_at", "id")}


class MemberListView(Call):
    """The members."""

    @extend_schema(**documentation.LIST_USERS)
    def get(self, request: Request) -> Response:
        """List the members whom you may see."""
        actor = actor_of(request)
        actor.require(Area.ACCESS, "read")
        page = Page(request, visible_members(actor), filters=MemberFilter, orderings=MEMBER_ORDERS)
        managers = managers_of(actor, page.rows)
        return Response(page.answer([member_payload(member, managers) for member in page.rows]))

    @extend_schema(**documentation.CREATE_USER)
    def post(self, request: Request) -> Response:
        """Invite a person."""
        return invite(request)


class RegisterView(Call):
    """Inviting, under the name that reference deployments know."""

    @extend_schema(**documentation.REGISTER)
    def post(self, request: Request) -> Response:
        """Invite a person."""
        return invite(request)


class MemberView(Call):
    """One member."""

    @extend_schema(**documentation.READ_USER)
    def get(self, request: Request, member_id: str) -> Response:
        """Read one member."""
        actor = actor_of(request)
        actor.require(Area.ACCESS, "read")
        return _answer(actor, get_member(actor, int(member_id)))

    @extend_schema(**documentation.CHANGE_USER)
    def patch(self, request: Request, member_id: str) -> Response:
        """Change what is given of a member; the rest stays."""
        actor = actor_of(request)
        actor.require(Area.ACCESS, "write")
        member = get_member(actor, int(member_id))
        body = MemberChange(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        with transaction.atomic():
            plain = {name: given[name] for name in ("roles", "name", "phone") if name in given}
            if plain:
                update_member(actor=actor, membership=member, **plain)
            if "manager" in given:
                set_manager(actor=actor, membership=member, manager=_manager(actor, given["manager"]))
            if "is_active" in given:
                change = reactivate_member if given["is_active"] else deactivate_member
                change(actor=actor, membership=member)
        changed = get_member(actor, member.pk)
        answer = member_payload(changed, managers_of(actor, [changed]))
        if given.get("is_active") is False and (ends := open_ends_of(actor, changed)):
            answer["left_open"] = [{"text": end.text, "url": end.url} for end in ends]
        return Response(answer)


class TeamListView(Call):
    """The teams."""

    @extend_schema(**documentation.LIST_TEAMS)
    def get(self, request: Request) -> Response:
        """List leaders, each with everybody who reports to them."""
        actor = actor_of(request)
        actor.require(Area.ACCESS, "read")
        page = Page(request, visible_leaders(actor), filters=TeamFilter, orderings=MEMBER_ORDERS)
        teams = teams_below(actor, page.rows)
        return Response(page.answer([team_payload(leader, teams[leader.pk]) for leader in page.rows]))


class MeView(Call):
    """Who calls."""

    permission_classes = [MayName]
    is_about_no_organization = True  # unless one is named, which its description says itself

    @extend_schema(**documentation.READ_ME)
    def get(self, request: Request) -> Response:
        """Tell who you are, by what you call, and where you belong."""
        return Response(_me(request))

    @extend_schema(**documentation.CHANGE_ME)
    def patch(self, request: Request) -> Response:
        """Change your own name and phone in this organisation."""
        HasMembership().has_permission(request, self)
        actor = actor_of(request)
        body = ProfileChange(data=request.data)
        body.is_valid(raise_exception=True)
        mine = {"name": actor.membership.name, "phone": actor.membership.phone}
        changed = change_profile(actor=actor, **{**mine, **body.validated_data})
        return Response(_me(request, changed))


def invite(request: Request) -> Response:
    """Invite the person of the body."""
    actor = actor_of(request)
    actor.require(Area.ACCESS, "write")
    body = NewMember(data=request.data)
    body.is_valid(raise_exception=True)
    given = dict(body.validated_data)
    given["manager"] = _manager(actor, given.get("manager"))
    member = create_user(actor=actor, **given)
    address = request.build_absolute_uri(reverse("api:user-detail", kwargs={"member_id": member.pk}))
    return _answer(actor, get_member(actor, member.pk), status=201, headers={"Location": address})


def _answer(actor: Actor, member: Membership, **options: Any) -> Response:
    return Response(member_payload(member, managers_of(actor, [member])), **options)


def _manager(actor: Actor, member_id: int | None) -> Membership | None:
    if member_id is None:
        return None
    try:
        return get_member(actor, member_id)
    except NotVisible:
        message = "No member has this number. See /api/v1/users."
        raise ValidationFailed("choice", message, {"manager": [FieldError("choice", message)]}) from None


def _me(request: Request, changed: Membership | None = None) -> dict[str, Any]:
    call = request._request
    actor: Actor | None = call.actor
    credential = credential_of(call)
    assert credential is not None
    member = changed or (actor.membership if actor else None)
    return {
        "email": request.user.email,
        "two_step": uses_two_steps(request.user),
        "credential": {
            "kind": credential.kind,
            "scopes": None if credential.scopes is None else sorted(credential.scopes),
        },
        "organizations": [
            {
                "slug": each.organization.slug,
                "name": each.organization.name,
                "roles": list(each.roles),
            }
            for each in call.memberships
        ],
        "profile": None
        if actor is None or member is None
        else {
            "organization": actor.organization.slug,
            "id": member.pk,
            "name": member.name,
            "phone": member.phone,
            "roles": list(member.roles),
        },
    }
