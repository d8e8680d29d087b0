"""How django-allauth behaves here: people are invited by an administrator, nobody signs up alone."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.services.invitations import mail_password_reset, mail_unknown_address


class AccountAdapter(DefaultAccountAdapter):
    """Closes sign-up, and owes mails instead of sending them in the request; the rest is allauth's own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

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
