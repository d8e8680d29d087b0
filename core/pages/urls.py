"""Pages of the foundation: health, progress of jobs, the living page of the design language."""

from django.urls import URLPattern, URLResolver, path

from core.pages import health, jobs, styleguide

app_name = "core"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("jobs/<int:job_id>/progress", jobs.job_progress, name="job_progress"),
    path("jobs/<int:job_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
