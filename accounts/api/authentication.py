"""How API callers prove who they are: the session of the pages. Tokens and keys come beside it."""

from rest_framework import authentication
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """The signed-in session, with CSRF enforced; an anonymous call is 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"
