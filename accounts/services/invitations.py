"""The mails of accounts: an invitation, the only way in which an account gets its first password, and the answer to
“Forgot your password?”.

What is stored of a mail is whom it is for. Its link is made when it is sent.
"""

import uuid
from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Membership, User
from core.models import Organization
from core.outbox import Delivery
from core.outbox.mail import Mail, mail, send_mail_later
from core.scope import Scope, current_organization_id, entered, system_scope

INVITATION = "accounts.invitation"
PASSWORD_RESET = "accounts.password_reset"
UNKNOWN_ADDRESS = "accounts.unknown_address"


def mail_invitation(user: User) -> None:
    """Owe an invited person a mail, in the transaction of the invitation, in the organisation's scope.

    Everybody is written to, so that the time taken does not tell whether the account was there. Who has no
    password yet gets a link to choose one, who has one is asked to sign in with it.
    """
    send_mail_later(topic=INVITATION, aggregate=f"user:{user.pk}", payload={"user": user.pk})


def mail_password_reset(user: User) -> None:
    """Owe a person a link to choose another password. It is no organisation's affair, and none sees it."""
    with transaction.atomic(), system_scope(reason="password reset"):
        send_mail_later(topic=PASSWORD_RESET, aggregate=f"user:{user.pk}", payload={"user": user.pk})


def mail_unknown_address(address: str) -> None:
    """Owe an address without an account a word about that: who asks must not learn it from the page."""
    with transaction.atomic(), system_scope(reason="password reset"):
        # A lane of its own: addresses that cannot be reached hold up nobody else.
        aggregate = f"address:{uuid.uuid4()}"
        send_mail_later(topic=UNKNOWN_ADDRESS, aggregate=aggregate, payload={"address": address})


@mail(INVITATION)
def make_invitation(delivery: Delivery) -> Mail | None:
    """The invitation into the organisation in force; None when it was withdrawn meanwhile."""
    organization = Organization.objects.get(pk=current_organization_id())
    with system_scope(organization, reason="mail"):
        members = Membership.objects.filter(user_id=delivery.payload["user"], is_active=True)
        member = members.select_related("user").first()
    if member is None:
        return None
    user = member.user
    link = "" if user.has_usable_password() else _password_link(user)
    context = {"organization": " ".join(organization.name.split()), "password_link": link}
    return _written("invitation", user.email, context)


@mail(PASSWORD_RESET)
def make_password_reset(delivery: Delivery) -> Mail | None:
    """The link to choose another password; None when the account was closed meanwhile."""
    with system_scope(reason="mail"):
        user = User.objects.filter(pk=delivery.payload["user"], is_active=True).first()
    return _written("password_reset", user.email, {"password_link": _password_link(user)}) if user else None


@mail(UNKNOWN_ADDRESS, forgets_payload=True)
def make_unknown_address(delivery: Delivery) -> Mail:
    """A word to an address without an account."""
    return _written("unknown_address", delivery.payload["address"], {})


def _written(name: str, address: str, context: dict[str, str]) -> Mail:
    context = {**context, "email": address, "sign_in_link": _address(reverse("account_login"))}
    subject = render_to_string(f"accounts/mail/{name}_subject.txt", context).strip()
    return Mail(address, subject, render_to_string(f"accounts/mail/{name}.txt", context).strip() + "\n")


def _password_link(user: User) -> str:
    """The link of “Forgot your password?”: it serves once, and for as long as those do."""
    # Nobody's scope around it: a link reads the person's addresses, which no organisation may.
    with entered(Scope()), system_scope(reason="mail"):
        key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return _address(reverse("account_reset_password_from_key", kwargs=key))


def _address(path: str) -> str:
    # From the settings: the host that a request names is whatever its sender wrote.
    return urljoin(settings.SITE_URL, path)
