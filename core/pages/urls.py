"""Pages of the foundation: health, progress of jobs, the living page of the design language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from core.errors import NotVisible
from core.pages import files, health, jobs, styleguide

app_name = "core"


def _for_configurers(page: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Show the page to those who configure, and to everybody signed in while developing."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if settings.DEBUG or request.actor.may("configuration", "write"):  # type: ignore[attr-defined]
            return page(request)
        raise NotVisible

    return guarded


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("jobs/<int:job_id>/progress", jobs.job_progress, name="job_progress"),
    path("jobs/<int:job_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("files/<str:signed>/", files.open_file, name="file"),
    path("styleguide/", _for_configurers(styleguide.styleguide), name="styleguide"),
]
