"""What runs once a day, and what each purge of technical rows did last. The machinery is `core.retention`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.tenancy import TenantModel


class DailyRun(TenantModel):
    """The last day on which an organisation's daily work was started: one row per work.

    Whoever moves the day forward starts the work, so that schedulers may be many and none runs it twice.
    """

    name = models.CharField(max_length=80)
    # A day in the organisation's timezone.
    day = models.DateField()
    started_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="daily_run_once")]
        verbose_name = _("daily run")
        verbose_name_plural = _("daily runs")

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


class PurgeRecord(TenantModel):
    """What a purge did in an organisation when it last ran."""

    purge = models.CharField(_("purge"), max_length=80)
    started_at = models.DateTimeField(_("last run"))
    # None while it runs, and when it failed.
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # None where the rows are not this organisation's, such as sessions: they are nobody's to count.
    rows = models.BigIntegerField(_("removed"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        ordering = ("purge",)
        constraints = [models.UniqueConstraint(fields=["organization", "purge"], name="purge_record_once")]
        verbose_name = _("purge")
        verbose_name_plural = _("purges")

    def __str__(self) -> str:
        return self.purge
