"""The operations console: who may open it, its own doors, and what stands on its first page."""

import functools
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from core.admin.audit import audit_trail
from core.admin.configuration import (
    apply_configuration,
    configuration_page,
    export_configuration,
    import_configuration,
)
from core.admin.dashboard import queues_for
from core.admin.search import search_results
from core.errors import NotPermitted

# By the roles' values: the roles themselves belong to another app.
CONSOLE_ROLES = frozenset({"admin", "operations", "finance", "auditor"})
# Pages of the stock admin that would be a second door beside the application's own.
OWN_DOORS = ("login", "logout", "password_change", "password_change_done", "view_on_site", "search")
CONFIGURATION_PAGES = (
    ("configuration/", configuration_page, "configuration"),
    ("configuration/export/", export_configuration, "configuration_export"),
    ("configuration/import/", import_configuration, "configuration_import"),
    ("configuration/apply/", apply_configuration, "configuration_apply"),
)


class ConsoleSite(UnfoldAdminSite):
    """The stock admin's frame around our services and scoped queries."""

    index_template = "console/index.html"
    index_title = _("Overview")
    # Every page of the console carries the name by which the theme's templates ask for addresses.
    settings_name = "UNFOLD"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the signed-in person's roles, in the organisation in force, open the console."""
        actor = getattr(request, "actor", None)
        return actor is not None and not CONSOLE_ROLES.isdisjoint(actor.roles)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        doors = [
            path("login/", self.login, name="login"),
            path("logout/", self.leave, name="logout"),
            path("password/", self.change_password, name="password_change"),
            path("search/", self.admin_view(self.search), name="search"),
            path("audit/", self.admin_view(audit_trail), name="audit", kwargs={"site": self}),
            *(
                path(route, self.admin_view(view), name=name, kwargs={"site": self})
                for route, view, name in CONFIGURATION_PAGES
            ),
        ]
        stock = [url for url in super().get_urls() if getattr(url, "name", None) not in OWN_DOORS]
        return doors + stock

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send nobody to sign in; tell those who are signed in that the console is not theirs."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise NotPermitted("The console is for operations. Your role works on the other pages.")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), settings.LOGIN_URL)

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Sign out by the application's own page."""
        return redirect("account_logout")

    def change_password(self, request: HttpRequest) -> HttpResponse:
        """Change the password on the application's own page."""
        return redirect("account_change_password")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Find menu entries and rows by a word, for the palette: scoped, and nothing kept between requests."""
        results = search_results(request, self, request.GET.get("s", ""))
        page = Paginator(results, max(1, len(results))).page(1)
        context = {
            "results": page if results else [],
            "page_obj": page.paginator,
            "page_counter": 0,
            "execution_time": 0,
        }
        return TemplateResponse(request, "unfold/helpers/command_results.html", context)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Show times in the organisation's timezone, whatever page it is."""
        return super().admin_view(in_timezone_of_organization(view), cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """The theme shows the visitor's full name above the e-mail address; only the membership knows it."""
        actor = getattr(request, "actor", None)
        if actor is not None and actor.user is not None:
            request.user.name_here = actor.membership.name or actor.user.get_short_name()  # type: ignore[union-attr]
        return super().each_context(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        queues = queues_for(request.actor)  # type: ignore[attr-defined]
        return super().index(request, {"queues": queues, **(extra_context or {})})


def in_timezone_of_organization(view: Any) -> Any:
    """Wrap a view so that it is rendered in the timezone of the actor's organisation."""

    @functools.wraps(view)
    def inside(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        with timezone.override(request.actor.organization.zone):  # type: ignore[attr-defined]
            response = view(request, *arguments, **options)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()
            return response

    return inside


console = ConsoleSite(name="admin")
