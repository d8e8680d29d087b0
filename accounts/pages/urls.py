"""Pages of accounts."""

from django.urls import URLPattern, URLResolver, path

from accounts.pages import views

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("profile/", views.profile, name="profile"),
    path("organization/", views.switch_organization, name="switch_organization"),
]
