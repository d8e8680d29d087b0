"""Where leads come from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantModel


class Origin(SoftDeleteModel, TenantModel):
    """A named origin. `name_key` is the name normalised, so that google and Google are one."""

    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=200, editable=False, db_collation="C")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Source(Origin):
    """The channel a lead came through, such as Website or Referral."""

    history = TrackedHistory()

    class Meta(Origin.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name_key"],
                condition=models.Q(deleted_at__isnull=True),
                name="source_once",
            )
        ]


class Campaign(Origin):
    """The campaign that brought a lead, such as Diwali 2025."""

    history = TrackedHistory()

    class Meta(Origin.Meta):
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name_key"],
                condition=models.Q(deleted_at__isnull=True),
                name="campaign_once",
            )
        ]
