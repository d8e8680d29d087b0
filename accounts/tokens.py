"""Access and refresh tokens: JSON web tokens, encoded and read by simplejwt.

An access token names its user and session, a refresh token the session's generation beside them. Nothing else is
in them: what a user may do is asked with each call.
"""

from dataclasses import dataclass
from typing import Any

from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts.models import TokenSession
from core.errors import NotSignedIn

SESSION_CLAIM, GENERATION_CLAIM = "sid", "gen"
# Ours have some 300 characters.
LONGEST_TOKEN = 2_000


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh hands out; how long each serves in seconds."""

    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. `generation` is 0 in an access token."""

    user_id: int
    session_id: int
    generation: int = 0


def make_pair(session: TokenSession) -> TokenPair:
    """Return tokens of the session's latest generation."""
    refresh, access = RefreshToken(), AccessToken()
    for token in (refresh, access):
        token["sub"] = str(session.user_id)
        token[SESSION_CLAIM] = session.pk
    refresh[GENERATION_CLAIM] = session.generation
    return TokenPair(str(access), str(refresh), _seconds(access), _seconds(refresh))


def read_access_token(text: str) -> Claims:
    """Return what an access token says. Raises NotSignedIn for any that is not sound."""
    token = _read(AccessToken, text)
    return Claims(int(token["sub"]), token[SESSION_CLAIM])


def read_refresh_token(text: str) -> Claims:
    """Return what a refresh token says. Raises NotSignedIn for any that is not sound."""
    token = _read(RefreshToken, text)
    return Claims(int(token["sub"]), token[SESSION_CLAIM], token[GENERATION_CLAIM])


def refused_token() -> NotSignedIn:
    """The refusal of a token that is not or no longer good, whatever the reason."""
    return NotSignedIn("invalid_token", "The token is not valid, or no longer. Sign in again.")


def _read(kind: type[Token], text: str) -> Any:
    if len(text) > LONGEST_TOKEN:
        raise refused_token()
    try:
        return kind(text)  # type: ignore[arg-type]
    except ExpiredTokenError:
        action = "Refresh it." if kind is AccessToken else "Sign in again."
        raise NotSignedIn("token_expired", f"The token has expired. {action}") from None
    except TokenError:
        raise refused_token() from None


def _seconds(token: Token) -> int:
    assert token.lifetime is not None
    return int(token.lifetime.total_seconds())
