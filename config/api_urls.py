"""The API's addresses: /api/v1/ by app, the description and its reader."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from core.api.doors import DescriptionView, NowhereView, ReaderView

version_1: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("core.api.urls")),
    path("", include("leads.api.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/", include((version_1, "api"))),
    re_path(r"^schema/?$", DescriptionView.as_view(), name="api-schema"),
    re_path(r"^docs/?$", ReaderView.as_view(), name="api-docs"),
    re_path(r"^.*$", NowhereView.as_view(), name="api-nowhere"),
]
