"""How API callers prove who they are: a token or a key in the header `Authorization`, or the session of the pages.

`accounts.middleware` has read the credential before any view, so that a call is inside its organisation from the
first to the last; here the framework learns of it, and what was wrong with it.
"""

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from core.api.credentials import CHALLENGE


class HeaderAuthentication(authentication.BaseAuthentication):
    """The token or key that the call names; one that is not good is 401, whoever else is signed in."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return user and credential. Raises AuthenticationFailed."""
        call = request._request
        refusal = getattr(call, "credential_refusal", None)
        if refusal is not None:
            raise exceptions.AuthenticationFailed(refusal.message, refusal.code)
        credential = getattr(call, "credential", None)
        return None if credential is None or credential.kind == "session" else (call.user, credential)

    def authenticate_header(self, request: Request) -> str:
        """Return how to prove who calls."""
        return CHALLENGE


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in session, with CSRF enforced."""
