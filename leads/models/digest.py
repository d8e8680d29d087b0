"""What people want to be told, and the mails of the day that they were sent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.tenancy import TenantForeignKey, TenantModel

# When a mail of the day comes unless somebody chooses otherwise, in the organisation's timezone.
DEFAULT_HOUR = 8


class TellingBy(models.TextChoices):
    """How a person is told of something."""

    APP = "app", _("In LeadLedger")
    MAIL = "mail", _("In LeadLedger and once a day by e-mail")
    OFF = "off", _("Not at all")


class NotificationSettings(TenantModel):
    """What one person has chosen. Who has no row has chosen nothing: told in the application, and a mail of the day.

    Without history: how somebody wants to be told is that person's business alone.
    """

    membership = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # Kinds of notifications (NotificationKind) that also come by mail, and those of which nothing is told.
    mailed = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    silent = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # Whether a mail begins the day with what is due, and for leaders with whom to help.
    morning = models.BooleanField(default=True)
    # The hour of the day (0 to 23) at which mails come, in `timezone`, "" for the organisation's.
    hour = models.PositiveSmallIntegerField(default=DEFAULT_HOUR)
    timezone = models.CharField(max_length=64, blank=True)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")
        constraints = [
            models.UniqueConstraint(fields=["organization", "membership"], name="notification_settings_once"),
            models.CheckConstraint(condition=models.Q(hour__lte=23), name="notification_hour_of_a_day"),
        ]

    def __str__(self) -> str:
        return str(self.membership_id)


class Digest(TenantModel):
    """The mail of one person's day: that it was owed, so that nobody owes it again. It keeps nothing of its text."""

    membership = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # In the person's timezone.
    day = models.DateField()
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("mail of the day")
        verbose_name_plural = _("mails of the day")
        constraints = [
            models.UniqueConstraint(fields=["organization", "membership", "day"], name="digest_once_a_day")
        ]
        indexes = [models.Index(fields=["organization", "created_at"], name="digest_oldest")]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.day}"
