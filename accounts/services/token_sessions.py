"""Signing in by the API: sessions of tokens, opened, refreshed in rotation, and ended.

A refresh token serves once. The one it replaced still serves for a few seconds, for a client that lost the answer
or asked twice at once; after that, whoever shows it holds a copy, and the whole session ends.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import LoginMethod, LoginReason, TokenSession, User
from accounts.services.login_log import log_sign_in
from accounts.services.visitors import Visitor
from accounts.tokens import TokenPair, make_pair, read_refresh_token, refused_token
from core.errors import NotSignedIn
from core.scope import system_scope

REUSED = "reused"
SIGNED_OUT = "signed out"


def open_token_session(*, user: User, visitor: Visitor) -> TokenPair:
    """Begin a session for a user who has proven who that is, and return its first tokens."""
    now = timezone.now()
    with transaction.atomic(), system_scope(reason="sign-in"):
        session = TokenSession.objects.create(
            user=user,
            password_stamp=user.get_session_auth_hash(),
            address=visitor.address,
            device=visitor.device,
            created_at=now,
            used_at=now,
            expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
        )
        User.objects.filter(pk=user.pk).update(last_login=now)
    return make_pair(session)


def refresh_tokens(*, refresh: str, visitor: Visitor) -> TokenPair:
    """Return the next tokens of a session for its refresh token, which is then replaced.

    Parallel calls with one token wait for one another: the first one moves the session on, the others get tokens of
    the generation it made.

    Raises:
        NotSignedIn: the token is unsound, expired or was replaced some time ago (which ends the session), or the
            session, the account or the password is no more what it was.
    """
    claims = read_refresh_token(refresh)
    copied = False
    with transaction.atomic(), system_scope(reason="sign-in"):
        session = (
            TokenSession.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(pk=claims.session_id, user_id=claims.user_id)
            .first()
        )
        if session is None or not session.is_alive:
            raise refused_token()
        if claims.generation == session.generation:
            _move_on(session)
        elif not _is_within_grace(session, claims.generation):
            _end(session, REUSED)
            copied = True
    if copied:  # said here, outside: an error inside would take the end of the session back
        log_sign_in(user=session.user, method=LoginMethod.TOKEN, visitor=visitor, reason=LoginReason.REUSED)
        raise NotSignedIn(
            "token_reused",
            "This token was replaced before, so somebody may hold a copy. The session has ended. Sign in again.",
        )
    return make_pair(session)


def end_token_session(*, user_id: int, session_id: int) -> None:
    """End a session at once; one that has ended or never was stays so."""
    with transaction.atomic(), system_scope(reason="sign-out"):
        session = TokenSession.objects.select_for_update().filter(pk=session_id, user_id=user_id).first()
        if session is not None and session.revoked_at is None:
            _end(session, SIGNED_OUT)


def _move_on(session: TokenSession) -> None:
    now = timezone.now()
    session.generation += 1
    session.replaced_at = [*_recent(session, now), now]
    session.used_at = now
    session.expires_at = now + settings.REFRESH_TOKEN_LIFETIME
    session.save(update_fields=["generation", "replaced_at", "used_at", "expires_at"])


def _is_within_grace(session: TokenSession, generation: int) -> bool:
    """Whether the generation was replaced just now. The last entry of `replaced_at` is the one before the latest."""
    return 0 < session.generation - generation <= len(_recent(session, timezone.now()))


def _recent(session: TokenSession, now: dt.datetime) -> list[dt.datetime]:
    return [moment for moment in session.replaced_at if now - moment <= settings.REFRESH_GRACE]


def _end(session: TokenSession, because: str) -> None:
    session.revoked_at = timezone.now()
    session.revoked_because = because
    session.save(update_fields=["revoked_at", "revoked_because"])
