"""Addresses of the foundation's calls, each with and without a slash at the end."""

from django.urls import URLPattern, URLResolver, re_path

from core.api import jobs

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^jobs/(?P<job_id>[0-9]{1,18})/?$", jobs.JobView.as_view(), name="job-detail"),
]
