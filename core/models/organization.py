"""The organisation: the tenant that every domain row belongs to."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.history import HistoryRow, TrackedHistory
from core.database.roles import READ

CURRENCIES = [
    ("INR", "₹ INR"),
    ("USD", "$ USD"),
    ("EUR", "€ EUR"),
    ("GBP", "£ GBP"),
    ("AED", "AED"),
    ("SGD", "S$ SGD"),
]
LOCALES = [
    ("en-IN", _("English, India")),
    ("en-US", _("English, United States")),
    ("en-GB", _("English, United Kingdom")),
]


def validate_timezone(name: str) -> None:
    """Accept the names of the IANA timezone database only."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is no timezone. Write one such as Asia/Kolkata."), params={"name": name}
        )


class OrganizationHistoryRow(HistoryRow):
    """History of an organisation is walled off by the organisation's own id."""

    tenant_column = "id"

    class Meta:
        abstract = True


class Organization(models.Model):
    """A company that works with LeadLedger. Its days, money and numbers follow its own settings."""

    slug = models.SlugField(
        max_length=60, unique=True, help_text=_("Short name for addresses and commands. Never changes.")
    )
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="INR", choices=CURRENCIES)
    timezone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[validate_timezone])
    locale = models.CharField(max_length=10, default="en-IN", choices=LOCALES)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory(row=OrganizationHistoryRow)  # type: ignore[type-abstract]

    application_grants = (*READ, "UPDATE")

    class Meta:
        ordering = ("name",)
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The timezone in which this organisation's days begin and end."""
        return zoneinfo.ZoneInfo(self.timezone)
