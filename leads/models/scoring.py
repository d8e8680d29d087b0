"""What leads are worth: rules of a line that give points, which add up to a lead's score."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.line import BusinessLine


class ScoreRule(TenantModel):
    """Points for the leads of a line that meet a condition; without one, for every lead.

    The sum over the rules in use is kept in `Lead.score`. `position` says in which order reasons are told.
    """

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveIntegerField(_("order"), default=1)
    is_active = models.BooleanField(_("in use"), default=True)
    # In the rule language, over the fields of the line and `leads.fields.scoring.ATTRIBUTES`.
    condition = models.JSONField(_("condition"), null=True, blank=True)
    points = models.IntegerField(_("points"))

    history = TrackedHistory()

    class Meta:
        ordering = ("line", "position", "id")
        verbose_name = _("score rule")
        verbose_name_plural = _("score rules")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "name"], name="score_rule_name_once")
        ]

    def __str__(self) -> str:
        return self.name
