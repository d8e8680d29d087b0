"""A person who signs in. Users are global; what they may do hangs on their memberships."""

import unicodedata
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from core.database.history import HistoryRow, TrackedHistory
from core.database.roles import READ


def email_key(email: str) -> str:
    """Return the one way in which an address is stored and looked up."""
    return unicodedata.normalize("NFKC", email).strip().lower()


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail, in any case."""

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=email_key(email or ""))

    def create_user(self, email: str, password: str | None = None, **attributes: Any) -> "User":
        user = self.model(email=email_key(email), **attributes)
        user.set_password(password)
        user.save(using=self._db)
        return user


class UserHistoryRow(HistoryRow):
    """A user's history has no organisation; the database shows it through the memberships."""

    objects = models.Manager()

    class Meta:
        abstract = True


class User(AbstractBaseUser):
    """Signs in with an e-mail address. Stored in lower case, so that one address is one person.

    Users belong to no organisation. Name and phone hang on the membership: what one organisation knows of a
    person, another that invites the same address does not learn.
    """

    email = models.EmailField(_("e-mail"), unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory(row=UserHistoryRow, excluded_fields=["password", "last_login"])
    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []
    application_grants = READ

    class Meta:
        ordering = ("email",)
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.email

    def has_stamp(self, stamp: str) -> bool:
        """Whether the password is the one that `stamp` (`get_session_auth_hash`) was made of, under any key in use."""
        made = (self.get_session_auth_hash(), *self.get_session_auth_fallback_hash())
        return any(constant_time_compare(stamp, each) for each in made)

    # The console asks these; what a person may do there is decided by the membership (`accounts.actor`).
    is_staff = True
    is_superuser = False

    def has_perm(self, permission: str, instance: object | None = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active

    # The name in the organisation in force, for a page that shows its visitor.
    name_here = ""

    def get_full_name(self) -> str:
        return self.name_here or self.email

    def get_short_name(self) -> str:
        return self.email.partition("@")[0]
