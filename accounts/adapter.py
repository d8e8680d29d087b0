"""How django-allauth behaves here: people are invited by an administrator, nobody signs up alone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from accounts.models import LoginMethod, LoginReason, User, email_key
from accounts.services.invitations import mail_password_reset, mail_unknown_address
from accounts.services.login_log import log_sign_in
from accounts.services.visitors import Visitor
from core.scope import system_scope


class AccountAdapter(DefaultAccountAdapter):
    """Closes sign-up, and owes mails instead of sending them in the request; the rest is allauth's own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse after too many tries; the log tells."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            user = _known(credentials)
            log_sign_in(
                user=user, method=_door(request), visitor=Visitor.of(request), reason=LoginReason.LOCKED
            )
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Tell the log of a wrong password, whether or not there is an account."""
        user = _known(credentials)
        reason = LoginReason.UNKNOWN
        if user is not None:
            reason = LoginReason.WRONG_PASSWORD if user.is_active else LoginReason.CLOSED
        log_sign_in(user=user, method=_door(request), visitor=Visitor.of(request), reason=reason)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Tell the log of a sign-in on the page, the second step included."""
        log_sign_in(user=user, method=LoginMethod.PAGE, visitor=Visitor.of(request))
        return super().post_login(request, user, **more)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mails about forgotten passwords down, without the link that allauth has made.

        What else allauth may send carries codes that serve for minutes: it is sent at once, and stored nowhere.
        """
        if template_prefix == "account/email/password_reset_key":
            mail_password_reset(context["user"])
        elif template_prefix == "account/email/unknown_account":
            mail_unknown_address(email)
        else:
            super().send_mail(template_prefix, email, context)


def _known(credentials: dict[str, Any]) -> User | None:
    with system_scope(reason="sign-in"):
        return User.objects.filter(email=email_key(credentials.get("email") or "")).first()


def _door(request: HttpRequest) -> LoginMethod:
    return LoginMethod.TOKEN if request.path.startswith("/api/") else LoginMethod.PAGE
