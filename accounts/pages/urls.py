"""Pages of accounts."""

from django.urls import URLPattern, URLResolver, path

from accounts.pages import keys, views

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("profile/", views.profile, name="profile"),
    path("profile/keys/new/", keys.new_key, name="key_new"),
    path("profile/keys/<slug:prefix>/rotate/", keys.rotate_key, name="key_rotate"),
    path("profile/keys/<slug:prefix>/revoke/", keys.revoke_key, name="key_revoke"),
    path("organization/", views.switch_organization, name="switch_organization"),
]
