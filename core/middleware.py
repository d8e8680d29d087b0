"""Request id and scope, content security policy, and errors that users may be told."""

import uuid
from collections.abc import Callable, Mapping

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve

from core.errors import ApplicationError
from core.pages.health import healthz, readyz
from core.scope import Scope, entered

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("leadledger.request")

PAGES_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The console's theme brings standard Alpine, which evaluates the expressions of its attributes, and writes styles
# into its pages (the colours, htmx's indicator). It has no inline script, so none is allowed: injected markup
# could not run one.
CONSOLE_POLICY = PAGES_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "script-src 'self'", "script-src 'self' 'unsafe-eval'"
)
# For a page of ours that another page of ours frames; it sends X-Frame-Options: SAMEORIGIN itself.
FRAMED_POLICY = PAGES_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


class RequestContextMiddleware:
    """Gives every request an id and a scope of its own, and logs its outcome."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with entered(Scope(request_id=request_id)):
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(request_id=request_id)
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            log.info("request", method=request.method, path=request.path, status=response.status_code)
            return response


class HealthMiddleware:
    """Answers load balancers before anything looks at the host: they call by the machine's number."""

    pages: Mapping[str, GetResponse] = {"/healthz": healthz, "/readyz": readyz}

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.pages.get(request.path, self.get_response)(request)


class ContentSecurityPolicyMiddleware:
    """Nothing inline and nothing from elsewhere on our pages; the console gets the narrowest its theme allows."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = CONSOLE_POLICY if request.path.startswith("/console/") else PAGES_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


class ApplicationErrorMiddleware:
    """Renders an ApplicationError that a page let through, in words and with its status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return _in_words(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ApplicationError):
            return None
        return render(request, "errors/application_error.html", {"error": error}, status=error.status)


def _in_words(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponse:
    """An address that takes forms, opened by itself: of an empty answer browsers show but an error of theirs."""
    page = render(request, "errors/405.html", {"parent": _parent_of(request.path)}, status=405)
    page["Allow"] = refused["Allow"]
    return page


def _parent_of(path: str) -> str:
    """Return the nearest page that an address lies below."""
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != "/":
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"
