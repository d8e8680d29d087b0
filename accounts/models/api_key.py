"""Keys with which other systems call the API."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Membership
from core.database.history import TrackedHistory
from core.database.roles import READ
from core.tenancy import TenantForeignKey, TenantModel

KEY_STATES = [("active", _("Active")), ("expired", _("Expired")), ("revoked", _("Revoked"))]


class ApiKey(TenantModel):
    """Lets a system act as its owner, within its scopes, until it expires or is revoked.

    `prefix` is the part that may be seen and finds the key; of the secret only a digest is kept. The secret has
    256 random bits, so a plain digest is as good as a slow one: there is nothing to guess.
    """

    owner = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="api_keys", db_index=False)
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("key"), max_length=20)
    secret_digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes"))
    calls_per_minute = models.PositiveIntegerField(_("calls a minute"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    history = TrackedHistory(excluded_fields=["secret_digest"])
    # Written by services as the system: whoever can write here can act as anybody.
    application_grants = READ

    class Meta:
        ordering = ("-id",)
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        # Prefix first: a key is looked up before its organisation is known. Chance keeps prefixes apart (62 bits).
        constraints = [models.UniqueConstraint(fields=["prefix", "organization"], name="api_key_prefix_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def state(self) -> str:
        """One of KEY_STATES."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at > timezone.now() else "expired"


class ApiKeyUse(TenantModel):
    """When a key was last used, at most a minute ago. Beside the key, whose history would hold every minute."""

    api_key = TenantForeignKey(ApiKey, on_delete=models.CASCADE, related_name="uses")
    used_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)

    application_grants = READ

    class Meta:
        ordering = ("id",)
        verbose_name = _("use of an API key")
        verbose_name_plural = _("uses of API keys")
        constraints = [models.UniqueConstraint(fields=["organization", "api_key"], name="api_key_use_once")]

    def __str__(self) -> str:
        return f"{self.api_key_id} · {self.used_at:%d %b %Y %H:%M}"
