"""Every address of the application. Apps bring their own lists."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("allauth.urls")),
    path("console/", admin.site.urls),
    path("", include("core.pages.urls")),
    path("", include("accounts.pages.urls")),
    path("", include("leads.pages.urls")),
    path("api/", include("config.api_urls")),
]
