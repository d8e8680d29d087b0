"""The page's second step, told to the log when it fails."""

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from django.core.exceptions import ValidationError

from accounts.models import LoginMethod, LoginReason
from accounts.services.login_log import log_sign_in
from accounts.services.visitors import Visitor


class SecondStepForm(AuthenticateForm):
    """allauth's form for a code."""

    def clean_code(self) -> str:
        """Return the code if it is right. Raises ValidationError."""
        try:
            return super().clean_code()
        except ValidationError as refusal:
            locked = refusal.code == "too_many_login_attempts"
            log_sign_in(
                user=self.user,
                method=LoginMethod.PAGE,
                visitor=Visitor.of(context.request),
                reason=LoginReason.LOCKED if locked else LoginReason.WRONG_CODE,
            )
            raise
