"""Pages of accounts."""

from django.urls import URLPattern, URLResolver, path

from accounts.pages import absences, keys, views

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("profile/", views.profile, name="profile"),
    path("profile/keys/new/", keys.new_key, name="key_new"),
    path("profile/keys/<slug:prefix>/rotate/", keys.rotate_key, name="key_rotate"),
    path("profile/keys/<slug:prefix>/revoke/", keys.revoke_key, name="key_revoke"),
    path("absences/", absences.absences, name="absences"),
    path("absences/new/", absences.new_absence, name="absence_new"),
    path("absences/<int:absence_id>/", absences.absence, name="absence"),
    path("absences/<int:absence_id>/withdraw/", absences.absence_withdraw, name="absence_withdraw"),
    path("organization/", views.switch_organization, name="switch_organization"),
]
