"""Calls that carried an idempotency key, and how each of them ended. The machinery is `core.idempotency`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.tenancy import TenantModel


class IdempotencyScope(models.TextChoices):
    """What a key was sent with. The two never meet: the key of an item is not that of a call."""

    CALL = "call", _("Call")
    ITEM = "item", _("Item of a batch")


class IdempotencyKey(TenantModel):
    """A key of one credential, what it was used for, and the outcome.

    The row commits with what the call wrote, or not at all. `answer` holds what may be told again to whom
    may see less by then: never personal data (see `core.idempotency.outcomes`).
    """

    credential = models.CharField(max_length=120, db_collation="C")
    scope = models.CharField(max_length=4, choices=IdempotencyScope.choices)
    key = models.CharField(max_length=255, db_collation="C")
    method = models.CharField(max_length=10)
    path = models.TextField()
    body_sha256 = models.CharField(max_length=64, db_collation="C")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "credential", "scope", "key"], name="idempotency_key_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
