"""When the organisation works, and who is away: what assignment, and whatever counts working hours, goes by."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.membership import Membership
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel


class WorkingHours(SoftDeleteModel, TenantModel):
    """The hours of a week: the organisation's, or those of one person who works at other times.

    `week` holds seven lists, Monday first, of spans such as ["09:30", "18:30"] by the clocks of the organisation.
    """

    membership = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("person"),
    )
    week = models.JSONField(_("hours"))

    history = TrackedHistory()

    class Meta:
        ordering = (F("membership").asc(nulls_first=True), "id")
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(deleted_at__isnull=True, membership__isnull=True),
                name="working_hours_of_organization_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "membership"],
                condition=Q(deleted_at__isnull=True, membership__isnull=False),
                name="working_hours_of_person_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.membership) if self.membership_id else str(_("Everybody"))


class Holiday(SoftDeleteModel, TenantModel):
    """A day on which nobody of the organisation works."""

    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=100)

    history = TrackedHistory()

    class Meta:
        ordering = ("day",)
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "day"], condition=Q(deleted_at__isnull=True), name="holiday_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Absence(SoftDeleteModel, TenantModel):
    """A person is away from a day until a day, both included, in the organisation's timezone."""

    membership = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    deputy = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("deputy"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("first_day", "id")
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        indexes = [
            models.Index(
                fields=["organization", "last_day", "membership"],
                name="absence_not_over",
                condition=Q(deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.first_day} – {self.last_day}"
