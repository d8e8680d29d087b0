"""Who makes a call, for its view."""

from rest_framework.request import Request

from accounts.actor import Actor


def actor_of(request: Request) -> Actor:
    """Return who calls; the permission classes have seen to it that somebody does."""
    actor: Actor = request._request.actor
    return actor
