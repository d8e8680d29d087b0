"""Who proved to be somebody, or tried to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Membership
from accounts.models.user import User
from core.database.roles import READ
from core.tenancy import EverythingManager, TenantForeignKey, TenantManager


class LoginMethod(models.TextChoices):
    """By which door."""

    PAGE = "page", _("Sign-in page")
    TOKEN = "token", _("API, by token")
    KEY = "key", _("API key made")


class LoginReason(models.TextChoices):
    """Why it did not succeed; nothing for a success."""

    NONE = "", "—"
    WRONG_PASSWORD = "wrong_password", _("Wrong password")
    CLOSED = "closed", _("Account closed")
    UNKNOWN = "unknown", _("Unknown address")
    LOCKED = "locked", _("Too many tries")
    WRONG_CODE = "wrong_code", _("Wrong code")
    REUSED = "reused", _("Copied refresh token")


class LoginLog(models.Model):
    """One attempt, as one organisation may know of it. Append-only; technical, kept for a while.

    A person of several organisations leaves a row in each, unless it is known which one is meant. Who is nobody's
    member, or unknown, leaves one without an organisation, which only the operator of the system sees. What was
    typed is not kept: people write passwords into the wrong field.
    """

    organization = models.ForeignKey(
        "core.Organization", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    membership = TenantForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="logins")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    method = models.CharField(_("by"), max_length=10, choices=LoginMethod.choices)
    reason = models.CharField(
        _("outcome"), max_length=20, choices=LoginReason.choices, blank=True, default=""
    )
    address = models.GenericIPAddressField(_("address"), null=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(_("at"))

    objects = TenantManager()
    everything = EverythingManager()
    # Written as the system alone: what happened is nobody's to tell.
    application_grants = READ

    class Meta:
        ordering = ("-id",)
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = [
            models.Index(fields=["organization", "id"], name="login_log_newest"),
            models.Index(fields=["organization", "membership", "id"], name="login_log_of_member"),
            models.Index(fields=["at"], name="login_log_old"),
        ]

    def __str__(self) -> str:
        return f"{self.membership or self.user or '?'} · {self.at:%d %b %Y %H:%M}"

    @property
    def succeeded(self) -> bool:
        """Whether it opened anything."""
        return not self.reason
