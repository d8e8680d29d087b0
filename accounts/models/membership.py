"""A person's place in one organisation: roles, and whom they report to from when till when."""

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from accounts.roles import ROLE_LABELS, Role
from core.database.history import TrackedHistory
from core.database.roles import READ
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel


class Membership(SoftDeleteModel, TenantModel):
    """What owners, teams and approvals refer to: a user within one organisation, never the user itself."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    name = models.CharField(_("name"), max_length=150, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    roles = ArrayField(
        models.CharField(max_length=20, choices=[(role.value, label) for role, label in ROLE_LABELS.items()]),
        verbose_name=_("roles"),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()
    # Written by services as the system: whoever can write here can read any user, and take any role.
    application_grants = READ

    class Meta:
        ordering = ("id",)
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=models.Q(deleted_at__isnull=True),
                name="membership_once_per_organization",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.user.email

    @property
    def role_set(self) -> frozenset[Role]:
        """The roles as a set, as permissions read them."""
        return frozenset(Role(role) for role in self.roles)


class ReportingLine(TenantModel):
    """`membership` reports to `manager` during `valid` (days, end excluded). One manager at a time.

    The past stays: who led a team in March is what the rows valid in March say.
    """

    membership = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="reporting_lines")
    manager = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="report_lines", db_index=True
    )
    valid = DateRangeField(_("valid"))
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("membership", "valid")
        verbose_name = _("reporting line")
        verbose_name_plural = _("reporting lines")

    def __str__(self) -> str:
        return f"{self.membership} → {self.manager}"
