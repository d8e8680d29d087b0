"""Addresses of signing in, people and credentials, each with and without a slash at the end."""

from django.urls import URLPattern, URLResolver, re_path

from accounts.api import absences, keys, people, signing_in

MEMBER = r"(?P<member_id>[0-9]{1,18})"
ABSENCE = r"(?P<absence_id>[0-9]{1,18})"
PREFIX = r"(?P<prefix>[a-z0-9]{1,20})"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^auth/login/?$", signing_in.LoginView.as_view(), name="login"),
    re_path(r"^auth/mfa/?$", signing_in.SecondStepView.as_view(), name="login-second-step"),
    re_path(r"^auth/refresh/?$", signing_in.RefreshView.as_view(), name="refresh"),
    re_path(r"^auth/logout/?$", signing_in.LogoutView.as_view(), name="logout"),
    re_path(r"^auth/me/?$", people.MeView.as_view(), name="me"),
    re_path(r"^register/?$", people.RegisterView.as_view(), name="register"),
    re_path(r"^users/?$", people.MemberListView.as_view(), name="user-list"),
    re_path(rf"^users/{MEMBER}/?$", people.MemberView.as_view(), name="user-detail"),
    re_path(r"^teams/?$", people.TeamListView.as_view(), name="team-list"),
    re_path(r"^absences/?$", absences.AbsenceListView.as_view(), name="absence-list"),
    re_path(rf"^absences/{ABSENCE}/?$", absences.AbsenceView.as_view(), name="absence-detail"),
    re_path(r"^api-keys/?$", keys.KeyListView.as_view(), name="key-list"),
    re_path(rf"^api-keys/{PREFIX}/?$", keys.KeyView.as_view(), name="key-detail"),
    re_path(rf"^api-keys/{PREFIX}/rotate/?$", keys.KeyRotationView.as_view(), name="key-rotation"),
    re_path(r"^login-logs/?$", keys.LoginLogView.as_view(), name="login-log-list"),
]
