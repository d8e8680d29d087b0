"""Puts each request inside the organisation of the signed-in user."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.actor import Actor
from accounts.queries.memberships import active_memberships
from core.scope import organization_scope, system_scope

# django-allauth's pages look people up before an organisation is known, and act on nobody but the caller.
SIGN_IN_PREFIX = "/account/"
ORGANIZATION_KEY = "organization"


class OrganizationMiddleware:
    """Sets request.actor (or None) and enters the scope of its organisation.

    A user of several organisations works in the one chosen in the session, else in the first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        request.memberships = []  # type: ignore[attr-defined]
        if request.user.is_authenticated:
            request.memberships = active_memberships(request.user)  # type: ignore[attr-defined]
            request.actor = self._choose(request)  # type: ignore[attr-defined]
        if request.path.startswith(SIGN_IN_PREFIX):
            with system_scope(reason="sign-in"):
                return self.get_response(request)
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if actor is None:
            return self.get_response(request)
        with organization_scope(actor.organization, actor_id=request.user.pk):
            return self.get_response(request)

    @staticmethod
    def _choose(request: HttpRequest) -> Actor | None:
        memberships = request.memberships  # type: ignore[attr-defined]
        chosen = request.session.get(ORGANIZATION_KEY)
        for membership in memberships:
            if membership.organization.slug == chosen:
                return Actor.of(membership)
        return Actor.of(memberships[0]) if memberships else None
