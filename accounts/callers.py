"""Who makes a call: read from its credential, before any view."""

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import Membership, User
from accounts.queries.credentials import members_of_token
from accounts.queries.memberships import active_memberships
from accounts.tokens import read_access_token, refused_token
from core.api.credentials import Credential


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a system that calls, by what, and the memberships it may call as."""

    user: User
    memberships: list[Membership]
    credential: Credential
    # Of tokens: the session they belong to.
    session_id: int | None = None


def caller_by_header(request: HttpRequest) -> Caller | None:
    """Return who calls by the header `Authorization`; None where it holds no credential of ours.

    Raises NotSignedIn for a credential that is not good: a session beside it does not count then.
    """
    scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
    reader = READERS.get(scheme.lower())
    return None if reader is None else reader(text.strip())


def caller_by_session(request: HttpRequest) -> Caller | None:
    """Return who is signed in on the pages; None for a visitor."""
    if not request.user.is_authenticated:
        return None
    user: User = request.user  # type: ignore[assignment]
    return Caller(user, active_memberships(user), Credential("session", f"user:{user.pk}"))


def _by_token(text: str) -> Caller:
    claims = read_access_token(text)
    found = members_of_token(claims.user_id, claims.session_id)
    if found is None:
        raise refused_token()
    user, memberships = found
    return Caller(user, memberships, Credential("token", f"user:{user.pk}"), claims.session_id)


READERS = {"bearer": _by_token}
