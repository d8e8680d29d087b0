"""Proving who one is to the API: a password, and a code where the person signs in with two steps.

The limits on wrong tries are those of the sign-in page, counted together with it. A refusal takes as long and says
the same whether or not an account exists.
"""

import datetime as dt

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import LoginMethod, LoginReason, User, email_key
from accounts.services.login_log import log_sign_in
from accounts.services.token_sessions import open_token_session
from accounts.services.visitors import Visitor
from accounts.tokens import TokenPair
from core.errors import NotSignedIn, TooMany
from core.scope import system_scope

TICKET_LIFETIME = dt.timedelta(minutes=5)
TICKET_SALT = "leadledger.second-step"
# The longest of the page's windows for wrong passwords, and its window for tries from one address.
LOCKED_SECONDS, BUSY_SECONDS = 300, 60


class SecondStepNeeded(NotSignedIn):
    """The password is right, and the person signs in with two steps. `extra` holds the ticket for the second."""

    def __init__(self, ticket: str) -> None:
        super().__init__("mfa_required", "A second step is needed. Send the ticket with a code to auth/mfa.")
        self.extra = {"ticket": ticket, "expires_in": int(TICKET_LIFETIME.total_seconds())}


def sign_in(*, request: HttpRequest, email: str, password: str) -> TokenPair:
    """Open a session of tokens for an e-mail address and a password.

    Raises:
        NotSignedIn: they do not belong together, or belong to nobody who may sign in.
        SecondStepNeeded: they do, and a code is needed beside them.
        TooMany: too many tries from here, or for this address.
    """
    with system_scope(reason="sign-in"):
        if not ratelimit.consume(request, action="login"):
            raise _too_many(BUSY_SECONDS)
        try:
            user = get_adapter(request).authenticate(request, email=email_key(email), password=password)
        except ValidationError:
            raise _too_many(LOCKED_SECONDS) from None
        if user is None:
            raise NotSignedIn("invalid_credentials", "E-mail and password do not belong together.")
        if is_mfa_enabled(user):
            raise SecondStepNeeded(_make_ticket(user))
        return _let_in(user, request)


def complete_sign_in(*, request: HttpRequest, ticket: str, code: str) -> TokenPair:
    """Open the session for which a ticket was given, by a code of the authenticator app or a recovery code.

    Raises:
        NotSignedIn: the ticket is unsound or too old, or the code is wrong or was used.
        TooMany: too many tries for this person.
    """
    with system_scope(reason="sign-in"):
        user = _read_ticket(ticket)
        key = f"mfa-auth-user-{user.pk}"  # as the page counts
        if not ratelimit.consume(request, action="login_failed", key=key):
            raise _too_many(LOCKED_SECONDS)
        authenticator = _authenticator_for(user, code)
        if authenticator is None:
            log_sign_in(
                user=user,
                method=LoginMethod.TOKEN,
                visitor=Visitor.of(request),
                reason=LoginReason.WRONG_CODE,
            )
            raise NotSignedIn("invalid_code", "The code is wrong or was used before. Send another one.")
        ratelimit.clear(request, action="login_failed", key=key)
        authenticator.record_usage()
        return _let_in(user, request)


def _let_in(user: User, request: HttpRequest) -> TokenPair:
    visitor = Visitor.of(request)
    log_sign_in(user=user, method=LoginMethod.TOKEN, visitor=visitor)
    return open_token_session(user=user, visitor=visitor)


def _make_ticket(user: User) -> str:
    return signing.dumps([user.pk, user.get_session_auth_hash()], salt=TICKET_SALT)


def _read_ticket(ticket: str) -> User:
    refusal = NotSignedIn("invalid_ticket", "The ticket is not valid, or no longer. Sign in again.")
    try:
        user_id, stamp = signing.loads(ticket, salt=TICKET_SALT, max_age=TICKET_LIFETIME)
    except signing.BadSignature:
        raise refusal from None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.has_stamp(stamp):
        raise refusal
    return user


def _authenticator_for(user: User, code: str) -> Authenticator | None:
    """Return the authenticator that the code is of; it is used up by that."""
    # A key that is plugged in answers no code.
    by_code = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    return next((each for each in by_code.order_by("pk") if each.wrap().validate_code(code)), None)


def _too_many(seconds: int) -> TooMany:
    return TooMany("too_many_attempts", "Too many failed tries. Wait a few minutes, then try again.", seconds)
