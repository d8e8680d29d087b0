"""Every address of the application. Apps bring their own lists."""

from django.urls import URLPattern, URLResolver, include, path

from core.admin import console

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("allauth.urls")),
    path("console/", console.urls),
    path("", include("core.pages.urls")),
    path("", include("accounts.pages.urls")),
    path("", include("leads.pages.urls")),
    path("api/", include("config.api_urls")),
]

handler400 = "core.api.fallbacks.bad_request"
handler403 = "core.api.fallbacks.forbidden"
handler404 = "core.api.fallbacks.not_found"
handler500 = "core.api.fallbacks.server_error"
