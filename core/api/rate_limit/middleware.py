"""The limit on calls, in front of every view of the API and on each of its answers."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.api.credentials import credential_of
from core.api.fallbacks import PREFIX, refusal
from core.api.rate_limit.addresses import network_of
from core.api.rate_limit.counting import WINDOW_SECONDS, Count, count_call


class RateLimitMiddleware:
    """Counts a call per credential, or per address where there is none; one too many is 429.

    Stands behind the middleware that reads the credential.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        count = count_call(*_subject(request))
        response = self.get_response(request) if count.passes else _too_many(request, count)
        response["RateLimit-Policy"] = f"{count.limit};w={WINDOW_SECONDS}"
        response["RateLimit-Limit"] = str(count.limit)
        response["RateLimit-Remaining"] = str(count.remaining)
        response["RateLimit-Reset"] = str(count.reset)
        return response


def _subject(request: HttpRequest) -> tuple[str, int]:
    credential = credential_of(request)
    if credential is None:
        return f"address:{network_of(request.META.get('REMOTE_ADDR', ''))}", settings.API_CALLS_PER_MINUTE
    return credential.id, credential.calls_per_minute or settings.API_CALLS_PER_MINUTE


def _too_many(request: HttpRequest, count: Count) -> HttpResponse:
    words = f"More than {count.limit} calls within a minute. Wait {count.reset} s, then call again."
    response = refusal(request, 429, "throttled", words)
    response["Retry-After"] = str(count.reset)
    return response
