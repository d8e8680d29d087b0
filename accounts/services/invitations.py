"""The mail that tells a person of an invitation: the only way in which an account gets its first password."""

from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from core.models import Organization
from core.scope import Scope, entered, system_scope


def mail_invitation(user: User, organization: Organization) -> None:
    """Write to an invited person once the invitation is committed.

    Everybody is written to, so that the time taken does not tell whether the account was there. Who has no
    password yet gets a link to choose one, who has one is asked to sign in with it. A mail that cannot be
    sent is logged and takes nothing back: the person can ask for another link on the sign-in page.
    """
    transaction.on_commit(lambda: _send(user.pk, organization.name), robust=True)


def _send(user_id: int, organization_name: str) -> None:
    # Nobody's scope around it: a link reads the person's addresses, which no organisation may.
    with entered(Scope()), system_scope(reason="invitation"):
        user = User.objects.get(pk=user_id)
        context = {
            "organization": " ".join(organization_name.split()),
            "email": user.email,
            "password_link": "" if user.has_usable_password() else _password_link(user),
            "sign_in_link": _address(reverse("account_login")),
        }
        send_mail(
            render_to_string("accounts/mail/invitation_subject.txt", context).strip(),
            render_to_string("accounts/mail/invitation.txt", context).strip() + "\n",
            settings.DEFAULT_FROM_EMAIL,
            [user.email],
        )


def _password_link(user: User) -> str:
    """The link of “Forgot your password?”: it serves once, and for as long as those do."""
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return _address(reverse("account_reset_password_from_key", kwargs=key))


def _address(path: str) -> str:
    # From the settings: the host that a request names is whatever its sender wrote.
    return urljoin(settings.SITE_URL, path)
