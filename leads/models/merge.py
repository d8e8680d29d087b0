"""Leads that are one: pairs that may be, what people decided about them, and merges that can be taken back."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from core.database.history import TrackedHistory
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.lead import Lead
from leads.models.line import BusinessLine


class LeadMerge(TenantModel):
    """That one lead was merged into another, and what it takes to make two of them again.

    The one that went (`lose`) is withdrawn while `undone_at` is empty. What both were before stands in their history:
    `keep_image` and `lose_image` are its rows before the merge, `result_image` the one that the merge left.
    """

    keep = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+", verbose_name=_("kept lead"))
    lose = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+", verbose_name=_("merged lead"))
    by = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    request_id = models.TextField(blank=True, editable=False)
    keep_image = models.BigIntegerField(editable=False)
    lose_image = models.BigIntegerField(editable=False)
    result_image = models.BigIntegerField(editable=False)
    # {"leads.note": {"12": {"lead_id": [before, after]}}}: each column of each row that moved.
    moved = models.JSONField(default=dict, editable=False)
    # Digests of the keys that each of the two held ({"keep": […], "lose": […]}): one that both have, only one holds.
    held_keys = models.JSONField(default=dict, editable=False)
    # The clocks of both, by lead: {"12": {"id": 7, "rule": 3, "since": …, "step": 1, "due_at": …, …}}.
    clocks = models.JSONField(default=dict, editable=False)
    # How many repeat enquiries the kept lead gained.
    repeats = models.PositiveIntegerField(default=0, editable=False)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True, editable=False)
    undone_by = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("taken back by"),
    )

    history = TrackedHistory()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("merge of leads")
        verbose_name_plural = _("merges of leads")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "lose"],
                condition=Q(undone_at__isnull=True),
                name="lead_merged_once",
            )
        ]
        indexes = [models.Index(F("organization"), F("keep"), F("id").desc(), name="merge_of_kept_lead")]

    def __str__(self) -> str:
        return f"{self.lose_id} → {self.keep_id}"


class PairDecision(models.TextChoices):
    """What was decided about a pair. A merge is none: it stands in `LeadMerge`."""

    OPEN = "open", _("Not decided")
    NOT_THE_SAME = "not_the_same", _("Not the same")


class DuplicatePair(TenantModel):
    """Two leads of a line that may be the same person or matter: stored once, the older number first.

    `score` is of 100. `reasons`: phone, email, digits, city, and name:92 for names that are alike so far. What was
    decided stays, so that a pair does not return.
    """

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    first = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+", verbose_name=_("one lead"))
    second = TenantForeignKey(Lead, on_delete=models.PROTECT, related_name="+", verbose_name=_("other lead"))
    score = models.SmallIntegerField(_("score"))
    reasons = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("reasons"))
    found_at = models.DateTimeField(_("found"), default=timezone.now, editable=False)
    decision = models.CharField(
        _("decision"),
        max_length=20,
        choices=PairDecision.choices,
        default=PairDecision.OPEN,
        db_collation="C",
    )
    decided_by = TenantForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-score", "-id")
        verbose_name = _("pair of possible duplicates")
        verbose_name_plural = _("pairs of possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["organization", "first", "second"], name="duplicate_pair_once"),
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("line"),
                F("score").desc(),
                F("id").desc(),
                name="duplicate_pair_likeliest",
                condition=Q(decision="open"),
            ),
            models.Index(
                F("organization"),
                F("line"),
                F("id").desc(),
                name="duplicate_pair_newest",
                condition=Q(decision="open"),
            ),
            models.Index(fields=["organization", "second"], name="duplicate_pair_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ~ {self.second_id}"
