"""What a call is made with: the session of the pages, a token, or a key."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest

# How a call may prove who makes it, as an answer 401 has to say.
CHALLENGE = 'Bearer realm="api"'
Kind = Literal["session", "token", "key"]


@dataclass(frozen=True, slots=True)
class Credential:
    """By what an authenticated call is allowed.

    `id` stays the same for all calls with the same credential, such as "user:7" or "key:ll7k2m9q": limits and
    idempotency count by it. It names no organisation: a user's calls may be about several, a key's never.
    `scopes`: what it is restricted to, such as {"leads:read"}; None for whatever the user may.
    `calls_per_minute`: how often it may call; None for as often as anybody.
    """

    kind: Kind
    id: str
    scopes: frozenset[str] | None = None
    calls_per_minute: int | None = None


def credential_of(request: HttpRequest) -> Credential | None:
    """Return what the call is made with; None for a call without, or with a wrong one."""
    return getattr(request, "credential", None)
