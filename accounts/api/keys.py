"""Calls about keys, and about who signed in."""

import datetime as dt

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actor import Actor
from accounts.api import documentation
from accounts.api.callers import actor_of
from accounts.api.filters import KeyFilter, LoginLogFilter
from accounts.api.presentation import key_payload, login_payload, new_key_payload
from accounts.api.serializers import NewKeyBody, RotateBody
from accounts.models import Membership
from accounts.queries.api_keys import get_api_key, visible_api_keys
from accounts.queries.login_logs import visible_login_logs
from accounts.queries.members import get_member
from accounts.roles import Area
from accounts.services.api_keys import NewKey, create_api_key, revoke_api_key, rotate_api_key
from accounts.services.visitors import Visitor
from core.api.calls import Call
from core.api.listing import Page
from core.errors import FieldError, NotVisible, ValidationFailed


class KeyListView(Call):
    """The keys."""

    @extend_schema(**documentation.LIST_KEYS)
    def get(self, request: Request) -> Response:
        """List the keys that you may see, the newest first."""
        actor = actor_of(request)
        actor.require(Area.KEYS, "read")
        page = Page(request, visible_api_keys(actor), filters=KeyFilter, orderings={"created": ("-id",)})
        return Response(page.answer([key_payload(key) for key in page.rows]))

    @extend_schema(**documentation.CREATE_KEY)
    def post(self, request: Request) -> Response:
        """Make a key; its secret is told here and never again."""
        actor = actor_of(request)
        actor.require(Area.KEYS, "write")
        body = NewKeyBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        made = create_api_key(
            actor=actor,
            owner=_owner(actor, given.pop("owner", None)),
            visitor=Visitor.of(request._request),
            **given,
        )
        return _told_once(request, made)


class KeyView(Call):
    """One key."""

    @extend_schema(**documentation.READ_KEY)
    def get(self, request: Request, prefix: str) -> Response:
        """Read one key."""
        actor = actor_of(request)
        actor.require(Area.KEYS, "read")
        return Response(key_payload(get_api_key(actor, prefix)))

    @extend_schema(**documentation.REVOKE_KEY)
    def delete(self, request: Request, prefix: str) -> Response:
        """Revoke a key: it opens nothing from now on."""
        actor = actor_of(request)
        actor.require(Area.KEYS, "write")
        revoke_api_key(actor=actor, prefix=prefix)
        return Response(status=status.HTTP_204_NO_CONTENT)


class KeyRotationView(Call):
    """Another key in the place of one."""

    @extend_schema(**documentation.ROTATE_KEY)
    def post(self, request: Request, prefix: str) -> Response:
        """Make a key like this one, which ends."""
        actor = actor_of(request)
        actor.require(Area.KEYS, "write")
        body = RotateBody(data=request.data)
        body.is_valid(raise_exception=True)
        made = rotate_api_key(
            actor=actor,
            prefix=prefix,
            overlap=dt.timedelta(hours=body.validated_data.get("overlap_hours", 0)),
            visitor=Visitor.of(request._request),
        )
        return _told_once(request, made)


class LoginLogView(Call):
    """Who signed in."""

    @extend_schema(**documentation.LIST_LOGINS)
    def get(self, request: Request) -> Response:
        """List sign-ins and tries, the latest first."""
        actor = actor_of(request)
        actor.require(Area.ACCESS, "read")
        page = Page(request, visible_login_logs(actor), filters=LoginLogFilter, orderings={"at": ("-id",)})
        return Response(page.answer([login_payload(log) for log in page.rows]))


def _told_once(request: Request, made: NewKey) -> Response:
    address = request.build_absolute_uri(reverse("api:key-detail", kwargs={"prefix": made.key.prefix}))
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(new_key_payload(made.key, made.text), status=status.HTTP_201_CREATED, headers=headers)


def _owner(actor: Actor, member_id: int | None) -> Membership | None:
    if member_id is None:
        return None
    try:
        return get_member(actor, member_id)
    except NotVisible:
        message = "No member whom you see has this number. See /api/v1/users."
        raise ValidationFailed("choice", message, {"owner": [FieldError("choice", message)]}) from None
