"""How operations narrow what the role table grants."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import AREA_LABELS, LEVEL_LABELS, ROLE_LABELS
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantModel


class AccessRule(SoftDeleteModel, TenantModel):
    """In this organisation `role` reaches at most `level` for the verb in the area.

    Only ever narrower than the table of roles: services refuse more, and readers take the lesser of both.
    """

    role = models.CharField(
        _("role"), max_length=20, choices=[(role.value, label) for role, label in ROLE_LABELS.items()]
    )
    area = models.CharField(
        _("area"), max_length=30, choices=[(area.value, label) for area, label in AREA_LABELS.items()]
    )
    verb = models.CharField(_("action"), max_length=20)
    level = models.CharField(
        _("reaches at most"),
        max_length=10,
        choices=[(level.value, label) for level, label in LEVEL_LABELS.items()],
    )
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("role", "area", "verb")
        verbose_name = _("narrowed permission")
        verbose_name_plural = _("narrowed permissions")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "role", "area", "verb"],
                condition=models.Q(deleted_at__isnull=True),
                name="access_rule_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.get_area_display()}, {self.verb}"
