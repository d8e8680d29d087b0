"""The API's addresses: /api/v1/ by app, those without a version, the description and its reader."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from accounts.api.people import MemberListView, RegisterView
from accounts.api.signing_in import LoginView
from core.api.doors import DescriptionView, NowhereView, ReaderView
from leads.api.views import LeadListView

version_1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("core.api.urls")),
    path("", include("leads.api.urls")),
]

# As clients of older deployments know them, by the same views.
unversioned: list[URLPattern | URLResolver] = [
    re_path(r"^login/?$", LoginView.as_view(), name="login"),
    re_path(r"^register/?$", RegisterView.as_view(), name="register"),
    re_path(r"^users/?$", MemberListView.as_view(), name="user-list"),
    re_path(r"^leads/?$", LeadListView.as_view(), name="lead-list"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((version_1, "api"))),
    path("", include((unversioned, "api-unversioned"))),
    re_path(r"^schema/?$", DescriptionView.as_view(), name="api-schema"),
    re_path(r"^docs/?$", ReaderView.as_view(), name="api-docs"),
    re_path(r"^.*$", NowhereView.as_view(), name="api-nowhere"),
]
