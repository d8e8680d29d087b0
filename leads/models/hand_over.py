"""That what somebody had to do was handed over to others, and what of it went to whom."""

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import Lead


class HandOverMethod(models.TextChoices):
    """Who gets the leads."""

    RULES = "rules", _("By the assignment rules")
    PERSON = "person", _("To one person")
    TEAM = "team", _("Evenly over the team")


class HandOver(TenantModel):
    """One hand-over of a person's open leads, with the follow-ups that are open about them, and reports."""

    source = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("from whom")
    )
    method = models.CharField(_("method"), max_length=20, choices=HandOverMethod.choices, db_collation="C")
    # Who gets all of it, or leads the team that gets it; by the rules: who gets what no rule fits, or nobody.
    target = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("to")
    )
    # To whom the person's direct reports report from now on; nobody: they stay.
    manager = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("reports go to"),
    )
    by = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)
    job_id = models.BigIntegerField(null=True, editable=False)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True, editable=False)
    back_job_id = models.BigIntegerField(null=True, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        indexes = [models.Index(F("organization"), F("source"), F("id").desc(), name="hand_over_of_member")]

    def __str__(self) -> str:
        return f"{self.source}: {self.get_method_display()}"


class HandedLead(TenantModel):
    """One lead of a hand-over: to whom it went, and how it stood then, so that it is known whether it was touched."""

    hand_over = TenantForeignKey(HandOver, on_delete=models.PROTECT, related_name="+")
    lead = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    owner = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        verbose_name = _("handed lead")
        verbose_name_plural = _("handed leads")
        constraints = [
            models.UniqueConstraint(fields=["organization", "hand_over", "lead"], name="handed_lead_once")
        ]

    def __str__(self) -> str:
        return f"{self.hand_over_id}: {self.lead_id}"
