"""A device that signed in by the API: the family of its tokens."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


class TokenSession(models.Model):
    """One sign-in by the API. Its refresh tokens follow one another; `generation` is the number of the latest.

    Tokens themselves are not kept: they are signed, and name their session and generation. Like sessions of the
    pages it belongs to a person and to no organisation, is technical, and has no history: the login log tells
    of sign-ins.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_sessions")
    generation = models.PositiveIntegerField(default=1)
    # When the latest generations were replaced, the last one at the end: as far back as the grace reaches.
    replaced_at = ArrayField(models.DateTimeField(), default=list)
    # What the password was, as Django's sessions keep it: with another password the session has ended.
    password_stamp = models.CharField(max_length=128)
    address = models.GenericIPAddressField(_("address"), null=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(_("last used"))
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)

    # Closed to the application role: sign-in works in system_scope.
    application_grants: tuple[str, ...] = ()

    class Meta:
        ordering = ("id",)
        verbose_name = _("token session")
        verbose_name_plural = _("token sessions")

    def __str__(self) -> str:
        return f"{self.user} · {self.device or self.address}"

    @property
    def is_alive(self) -> bool:
        """Whether it may still be used."""
        return (
            self.revoked_at is None
            and self.expires_at > timezone.now()
            and self.user.is_active
            and self.user.has_stamp(self.password_stamp)
        )
