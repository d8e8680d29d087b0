"""Who makes a call: read from its credential, before any view."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.key_scopes import Permission, allowed_by
from accounts.models import Membership, User
from accounts.queries.api_keys import key_of_call
from accounts.queries.credentials import members_of_token
from accounts.queries.memberships import active_memberships
from accounts.services.api_key_uses import note_use
from accounts.services.api_keys import digest
from accounts.services.visitors import Visitor
from accounts.tokens import read_access_token, refused_token
from core.api.credentials import Credential
from core.errors import NotSignedIn

LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a system that calls, by what, and the memberships it may call as."""

    user: User
    memberships: list[Membership]
    credential: Credential
    # Of tokens: the session they belong to.
    session_id: int | None = None
    # Of keys: what they are restricted to.
    scopes: frozenset[Permission] | None = None


def caller_by_header(request: HttpRequest) -> Caller | None:
    """Return who calls by the header `Authorization`; None where it holds no credential of ours.

    Raises NotSignedIn for a credential that is not good: a session beside it does not count then.
    """
    scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
    reader = READERS.get(scheme.lower())
    return None if reader is None else reader(text.strip(), Visitor.of(request))


def caller_by_session(request: HttpRequest) -> Caller | None:
    """Return who is signed in on the pages; None for a visitor."""
    if not request.user.is_authenticated:
        return None
    user: User = request.user  # type: ignore[assignment]
    return Caller(user, active_memberships(user), Credential("session", f"user:{user.pk}"))


def _by_token(text: str, visitor: Visitor) -> Caller:
    claims = read_access_token(text)
    found = members_of_token(claims.user_id, claims.session_id)
    if found is None:
        raise refused_token()
    user, memberships = found
    return Caller(user, memberships, Credential("token", f"user:{user.pk}"), claims.session_id)


def _by_key(text: str, visitor: Visitor) -> Caller:
    """The key's owner, as long as key and owner are good; a wrong secret and an unknown key are told alike."""
    prefix, _dot, secret = text.partition(".")
    key = key_of_call(prefix) if len(text) <= LONGEST_KEY else None
    if key is None or not constant_time_compare(digest(secret), key.secret_digest):
        raise NotSignedIn("invalid_key", "There is no such key. Check that it is written in full.")
    if key.state != "active":
        raise NotSignedIn(
            f"key_{key.state}", f"This key is {key.state}. Ask an administrator for another one."
        )
    owner = key.owner
    if not (
        owner.is_active and owner.deleted_at is None and owner.user.is_active and owner.organization.is_active
    ):
        raise NotSignedIn("key_owner_inactive", "Whom this key belongs to has no access any more.")
    note_use(key, visitor)
    credential = Credential("key", f"key:{key.prefix}", frozenset(key.scopes), key.calls_per_minute)
    return Caller(owner.user, [owner], credential, scopes=allowed_by(key.scopes))


READERS = {"bearer": _by_token, "api-key": _by_key}
