"""What is kept beside leads so that figures about them are cheap: daily tallies, flaws, and figures counted before.

All of it follows from the leads and can be made anew, so it has no history.
"""

from django.db import models
from django.db.models import F

from core.tenancy import TenantModel
from leads.models.lead import DerivedRow
from leads.models.line import BusinessLine


class LeadTally(TenantModel):
    """How many leads more (or, negative, fewer) there are of a kind, by the day of their creation.

    A trigger on leads appends rows in the transaction of each write; the sum of all rows of a kind counts. They are
    folded into one in the background. Days are the organisation's.
    """

    line_id = models.BigIntegerField()
    day = models.DateField()
    source_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=20, db_collation="C")
    stage = models.CharField(max_length=60, db_collation="C")
    owner_id = models.BigIntegerField(null=True)
    leads = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["organization", "line_id", "day"], name="lead_tally_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.leads}"


class LeadFlaw(DerivedRow):
    """What keeps a lead from being complete, valid and unduplicated, when its line was last judged.

    `reason` is `field:code`, or one of the three kinds (incomplete, invalid, duplicated), which each has that has a
    reason of it: so every question about quality is one about a reason.
    """

    pk = models.CompositePrimaryKey("lead_id", "reason")
    reason = models.TextField(db_collation="C")
    line = models.ForeignKey(
        BusinessLine, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                F("organization"),
                F("line"),
                F("reason"),
                F("created_at").desc(),
                F("lead").desc(),
                name="lead_flaw_reason",
            )
        ]


class CountedFigures(TenantModel):
    """Figures of a line that took long to count, kept with the moment as of which they hold.

    `key` names what was asked, of which leads, and which fields whoever asked may see: only who asks the very same is
    shown them.
    """

    key = models.TextField(db_collation="C")
    figures = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="counted_figures_once")]
        indexes = [models.Index(fields=["organization", "counted_at"], name="counted_figures_old")]

    def __str__(self) -> str:
        return self.key
