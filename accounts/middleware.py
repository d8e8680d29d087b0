"""Puts each request inside the organisation of the signed-in user, and keeps everybody else out."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.actor import Actor
from accounts.callers import Caller, caller_by_header, caller_by_session
from accounts.key_scopes import Permission
from accounts.models import Membership
from accounts.queries.memberships import teams_read_once
from accounts.sessions import ORGANIZATION_KEY
from core.errors import NotSignedIn
from core.scope import organization_scope, system_scope

# django-allauth's pages look people up before an organisation is known, and act on nobody but the caller.
SIGN_IN_PREFIX = "/account/"
# The API answers a caller without credentials or organisation itself, in JSON (accounts/api).
API_PREFIX = "/api/"
# Public forms know nobody: they are the same for whoever is signed in, and enter the organisation of the form.
PUBLIC_PREFIX = "/f/"
# Read in a browser, by whoever is signed in: these are pages.
API_PAGES = ("/api/schema", "/api/docs")
TENANT_HEADER = "X-Tenant-ID"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# There one could take an address without proving that it is one's own, and be invited in its owner's place.
CLOSED_PAGES = frozenset({"account_email"})


class OrganizationMiddleware:
    """Sets request.actor and request.credential (or None) and enters the scope of the actor's organisation.

    A user of several organisations works in the one chosen in the session, else in the first; a call of the
    API in the one that its header names. A page is for members unless its view is marked with Django's
    `login_not_required`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]
        request.memberships = []  # type: ignore[attr-defined]
        request.credential = None  # type: ignore[attr-defined]
        if request.path.startswith(PUBLIC_PREFIX):
            return self.get_response(request)
        caller = self._caller(request)
        if caller is not None:
            request.memberships = caller.memberships  # type: ignore[attr-defined]
            request.credential = caller.credential  # type: ignore[attr-defined]
            request.token_session_id = caller.session_id  # type: ignore[attr-defined]
            if _is_call(request) or caller.credential.kind != "session":
                request.actor = self._named(request, caller.scopes)  # type: ignore[attr-defined]
            else:
                request.actor = self._chosen(request)  # type: ignore[attr-defined]
                if self._was_moved(request):
                    return redirect("/")
        if request.path.startswith(SIGN_IN_PREFIX):
            with system_scope(reason="sign-in"):
                return self.get_response(request)
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        if actor is None:
            return self.get_response(request)
        reading = teams_read_once() if request.method in SAFE_METHODS else nullcontext()
        with organization_scope(actor.organization, actor_id=request.user.pk), reading:
            return self.get_response(request)

    @staticmethod
    def _caller(request: HttpRequest) -> Caller | None:
        """Who calls. A token or key counts for the API alone, and then the session beside it does not."""
        if not request.path.startswith(API_PREFIX):
            return caller_by_session(request)
        try:
            caller = caller_by_header(request)
        except NotSignedIn as refusal:
            request.credential_refusal = refusal  # type: ignore[attr-defined]
            request.user = AnonymousUser()
            return None
        if caller is None:
            return caller_by_session(request)
        request.user = caller.user
        return caller

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_arguments: Any
    ) -> HttpResponse | None:
        """Turn away who is nobody's member, before any view of ours runs."""
        if request.resolver_match is not None and request.resolver_match.url_name in CLOSED_PAGES:
            raise Http404
        if request.actor is not None or not getattr(view, "login_required", True):  # type: ignore[attr-defined]
            return None
        if request.path.startswith((SIGN_IN_PREFIX, API_PREFIX)):
            return None
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return render(request, "accounts/no_organization.html", status=403)

    @staticmethod
    def _chosen(request: HttpRequest) -> Actor | None:
        memberships = request.memberships  # type: ignore[attr-defined]
        slug = request.session.get(ORGANIZATION_KEY)
        return _of(memberships, slug) or (Actor.of(memberships[0]) if memberships else None)

    @staticmethod
    def _was_moved(request: HttpRequest) -> bool:
        """Whether the organisation that a form was opened in is the person's no more.

        Another one is chosen instead, but what was sent for the first must not be written into it.
        """
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        slug = request.session.get(ORGANIZATION_KEY)
        if actor is None or slug is None or slug == actor.organization.slug:
            return False
        request.session[ORGANIZATION_KEY] = actor.organization.slug
        return request.method not in SAFE_METHODS and not request.path.startswith(SIGN_IN_PREFIX)

    @staticmethod
    def _named(request: HttpRequest, scopes: frozenset[Permission] | None) -> Actor | None:
        """The organisation that a call names; who belongs to one only may leave it out."""
        memberships = request.memberships  # type: ignore[attr-defined]
        slug = request.headers.get(TENANT_HEADER)
        if slug is not None:
            return _of(memberships, slug, scopes)
        if settings.REQUIRE_TENANT_HEADER or len(memberships) > 1:
            request.must_name_organization = True  # type: ignore[attr-defined]
            return None
        return Actor.of(memberships[0], scopes) if memberships else None


def _is_call(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX) and not request.path.startswith(API_PAGES)


def _of(
    memberships: list[Membership], slug: str | None, scopes: frozenset[Permission] | None = None
) -> Actor | None:
    return next((Actor.of(each, scopes) for each in memberships if each.organization.slug == slug), None)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send a visitor to sign in and, after that, back to the page that was open."""
    if request.headers.get("HX-Request"):
        # A part of a page is asked for: the whole page must go, or the form would appear inside it.
        page = _own_page(request, request.headers.get("HX-Current-URL", ""))
        return HttpResponseClientRedirect(redirect_to_login(page)["Location"])
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    # What was typed goes on where it was typed, not at the start.
    return redirect_to_login(_own_page(request, request.headers.get("Referer", "")))


def _own_page(request: HttpRequest, address: str) -> str:
    """Return the page of ours that an address shows, its filters with it; the start page for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    if parts.netloc != request.get_host() or not parts.path.startswith("/") or parts.path.startswith("//"):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
