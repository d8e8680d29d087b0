"""The lead: core attributes in columns, configured fields in `data`, and small index rows beside it.

Under row-level security the planner uses only leakproof conditions on an index, which operators on JSONB
are not. So filters, search and duplicates go through `LeadValue`, `LeadToken` and `DuplicateKey`: derived
rows, rebuilt at will, without history of their own.
"""

from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import (
    EverythingManager,
    OrganizationField,
    SoftDeleteModel,
    TenantForeignKey,
    TenantManager,
    TenantModel,
)
from leads.models.line import BusinessLine
from leads.models.origin import Campaign, Source


class LeadStatus(models.TextChoices):
    """Where a lead stands, the same in every line; stages within are the line's own."""

    NEW = "new", _("New")
    IN_PROGRESS = "in_progress", _("In progress")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    CONVERTED = "converted", _("Converted")
    CLOSED = "closed", _("Closed")


# Those of leads on which somebody has work to do.
OPEN_STATUSES = (LeadStatus.NEW, LeadStatus.IN_PROGRESS)


class Lead(SoftDeleteModel, TenantModel):
    """One enquiry. `data` is the truth of the configured fields: decimals as strings, dates as ISO text."""

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="leads", verbose_name=_("business line")
    )
    # The line version under which the lead was captured or last edited.
    version = models.PositiveIntegerField(editable=False)
    reference = models.TextField(_("reference"), db_collation="C", editable=False)
    name = models.TextField(_("name"), blank=True)
    phone = models.TextField(_("phone"), blank=True, db_collation="C")
    email = models.TextField(_("e-mail"), blank=True)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2, null=True, blank=True)
    # The amount in minor units, for sorting and filtering by a leakproof operator.
    amount_minor = models.BigIntegerField(null=True, blank=True, editable=False)
    city = models.TextField(_("city"), blank=True)
    region = models.TextField(_("region"), blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=LeadStatus.choices, default=LeadStatus.NEW, db_collation="C"
    )
    stage = models.CharField(_("stage"), max_length=60, blank=True, db_collation="C")
    score = models.IntegerField(_("score"), null=True, blank=True)
    owner = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("owner")
    )
    # The leader in whose team the lead is worked; a team is its leader's current subtree.
    team = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("team")
    )
    source = TenantForeignKey(
        Source, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("source")
    )
    campaign = TenantForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("campaign"),
    )
    data = models.JSONField(default=dict, blank=True)
    # key → normalised text, only where it differs from `data`: what rules compare in SQL.
    compare = models.JSONField(default=dict, blank=True, editable=False)
    repeat_enquiries = models.PositiveIntegerField(default=0, editable=False)
    # The intake that brought the lead and the row it stood in.
    intake_id = models.BigIntegerField(null=True, blank=True, editable=False)
    row_number = models.IntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            models.UniqueConstraint(fields=["organization", "reference"], name="lead_reference_once")
        ]
        indexes = [
            models.Index(F("organization"), F("created_at").desc(), F("id").desc(), name="lead_newest"),
            models.Index(
                F("organization"), F("line"), F("created_at").desc(), F("id").desc(), name="lead_line_newest"
            ),
            models.Index(
                F("organization"),
                F("owner"),
                F("created_at").desc(),
                F("id").desc(),
                name="lead_owner_newest",
            ),
            models.Index(
                F("organization"),
                F("status"),
                F("created_at").desc(),
                F("id").desc(),
                name="lead_status_newest",
            ),
            # What a board reads.
            models.Index(
                F("organization"),
                F("line"),
                F("stage"),
                F("created_at").desc(),
                F("id").desc(),
                name="lead_stage_newest",
            ),
            # Empty for lines without score rules, whose leads must cost nothing more.
            models.Index(
                F("organization"),
                F("line"),
                F("score"),
                F("created_at").desc(),
                F("id").desc(),
                name="lead_by_score",
                condition=models.Q(score__isnull=False),
            ),
            models.Index(
                fields=["organization", "intake_id", "row_number"],
                name="lead_intake_row",
                condition=models.Q(intake_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DerivedRow(models.Model):
    """An index row of a lead. Without foreign-key constraints: they would cost a third of import speed,
    and `check_integrity` watches instead."""

    organization = OrganizationField(on_delete=models.DO_NOTHING, db_constraint=False)
    lead = models.ForeignKey(
        Lead, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )

    objects = TenantManager()
    everything = EverythingManager()
    application_grants = TenantModel.application_grants

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class LeadValue(DerivedRow):
    """The value of one indexed field of a live lead; a row per choice for several choices.

    `number_value` is scaled by the field's decimals; date-times are microseconds since 1970 in UTC;
    text is normalised and cut to 200 characters, because an index entry holds 2,704 bytes.
    """

    pk = models.CompositePrimaryKey("lead_id", "field_id", "position")
    field_id = models.BigIntegerField()
    position = models.SmallIntegerField(default=0)
    text_value = models.TextField(null=True, db_collation="C")
    number_value = models.BigIntegerField(null=True)
    date_value = models.DateField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                F("organization"),
                F("field_id"),
                F(column),
                F("created_at").desc(),
                F("lead").desc(),
                name=f"lead_value_{column.removesuffix('_value')}",
                condition=models.Q(**{f"{column}__isnull": False}),
            )
            for column in ("text_value", "number_value", "date_value")
        ]


class LeadToken(DerivedRow):
    """A word or phone digits of a live lead, searched by range. Phone digits stand reversed too."""

    pk = models.CompositePrimaryKey("organization_id", "token", "lead_id")
    token = models.TextField(db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["lead"], name="lead_token_lead")]


class DuplicateKey(DerivedRow):
    """A key that only one live lead of a line may hold: what tells a repeat, and unique fields.

    One constraint serves import, API and parallel creation alike.
    """

    pk = models.CompositePrimaryKey("organization_id", "line_id", "key")
    line = models.ForeignKey(
        BusinessLine, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    key = models.TextField(db_collation="C")

    class Meta:
        indexes = [models.Index(fields=["lead"], name="duplicate_key_lead")]
