"""Addresses of signing in, people and credentials, each with and without a slash at the end."""

from django.urls import URLPattern, URLResolver, re_path

from accounts.api import signing_in

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^auth/login/?$", signing_in.LoginView.as_view(), name="login"),
    re_path(r"^auth/mfa/?$", signing_in.SecondStepView.as_view(), name="login-second-step"),
    re_path(r"^auth/refresh/?$", signing_in.RefreshView.as_view(), name="refresh"),
    re_path(r"^auth/logout/?$", signing_in.LogoutView.as_view(), name="logout"),
]
