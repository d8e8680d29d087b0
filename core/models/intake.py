"""Files that come in: what was loaded by whom, how its columns were read, and the rows that stayed out.

The machine is `core.intake`; an app's importer says what the rows mean.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.models.job import Job, JobState
from core.models.saved_mapping import SavedMapping
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel


class IntakeState(models.TextChoices):
    """From the upload to the ledger, and back."""

    RECEIVED = "received", _("Received")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    LOADING = "loading", _("Being loaded")
    LOADED = "loaded", _("Loaded")
    ROLLING_BACK = "rolling_back", _("Being rolled back")
    ROLLED_BACK = "rolled_back", _("Rolled back")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    # Never stored: the word of its job while that is paused.
    PAUSED = "paused", _("Paused")


BUSY = (IntakeState.CHECKING, IntakeState.LOADING, IntakeState.ROLLING_BACK, IntakeState.PAUSED)
ENDED_EARLY = {JobState.FAILED: IntakeState.FAILED, JobState.CANCELLED: IntakeState.CANCELLED}


class Intake(SoftDeleteModel, TenantModel):
    """One file on its way in.

    `data_rows` = accepted + rejected + duplicate + held; title, blank and total rows are not among them.
    `stands` is true from the start of loading until it is rolled back or has failed: the same bytes are
    refused for the same target meanwhile.
    """

    importer = models.CharField(max_length=40)
    # What the importer loads into: the code of a business line, for leads.
    target = models.CharField(_("loads into"), max_length=120)
    filename = models.CharField(_("file"), max_length=255)
    path = models.CharField(max_length=255, editable=False)
    size = models.BigIntegerField(_("bytes"), default=0, editable=False)
    sha256 = models.CharField(max_length=64, editable=False, db_collation="C")
    state = models.CharField(
        _("state"), max_length=20, choices=IntakeState.choices, default=IntakeState.RECEIVED
    )
    stands = models.BooleanField(default=False, editable=False)
    options = models.JSONField(default=dict, blank=True)
    sheet = models.CharField(_("sheet"), max_length=255, blank=True)
    header_row = models.PositiveIntegerField(default=0)
    header = models.JSONField(default=list)
    # The target of each column by position; "" where a column is not loaded.
    mapping = models.JSONField(default=list)
    # [{"code", "message"}]: what the person should know though the file is read.
    notices = models.JSONField(default=list, blank=True)
    # The saved mapping that its columns are read by, or of which it asks whether they are.
    saved_mapping = TenantForeignKey(
        SavedMapping, on_delete=models.PROTECT, null=True, blank=True, related_name="intakes"
    )
    # Rows of an error workbook go back to the intake that refused them.
    corrects = TenantForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    # The job at work now or last, and the one that loaded the rows: it names the import in commands.
    job = TenantForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    load_job = TenantForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # The result of the last dry run, with the keys of `counts`.
    check_result = models.JSONField(null=True, blank=True)
    data_rows = models.PositiveIntegerField(_("rows"), default=0)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    updated = models.PositiveIntegerField(_("of these updated"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    duplicate = models.PositiveIntegerField(_("duplicate"), default=0)
    held = models.PositiveIntegerField(_("held"), default=0)
    # {"pan:pattern": 12}: pairs of row and reason.
    reasons = models.JSONField(default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(_("received"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "importer", "target", "sha256"],
                condition=models.Q(stands=True),
                name="intake_same_bytes_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="intake_newest"),
            models.Index(
                fields=["organization", "saved_mapping", "-id"],
                name="intake_mapping_use",
                condition=models.Q(saved_mapping__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def current_state(self) -> IntakeState:
        """The state, by the word of its job where that ended early (a lost worker cannot write it here) or rests."""
        state = IntakeState(self.state)
        if state not in BUSY or self.job is None:
            return state
        if self.job.state == JobState.PAUSED:
            return IntakeState.PAUSED
        return ENDED_EARLY.get(JobState(self.job.state), state)

    @property
    def current_error(self) -> str:
        """Why the work ended early, by the word of its job where a lost worker could not write it here."""
        told = self.current_state is IntakeState.FAILED and self.job is not None
        return self.error or (self.job.error if told and self.job else "")

    @property
    def load_cursor(self) -> dict[str, Any]:
        """How far its load has come: {"row", "counts"} after the last batch; {} before the first."""
        if self.load_job is None:
            return {}
        return dict(self.load_job.cursor or self.load_job.parameters.get("continues", {}))

    @property
    def can_go_on(self) -> bool:
        """Whether a load that ended early can go on behind the rows that it has loaded."""
        stopped = self.current_state in ENDED_EARLY.values()
        return stopped and self.load_job_id is not None and self.job_id == self.load_job_id

    @property
    def counts(self) -> dict[str, Any]:
        """The counts as commands and the API print them: as far as it came, of a load that ended early."""
        names = ("data_rows", "accepted", "updated", "rejected", "duplicate", "held", "reasons")
        counts = {name: getattr(self, name) for name in names}
        if self.current_state in ENDED_EARLY.values():
            counts |= self.load_cursor.get("counts", {})
        return counts


class RowState(models.TextChoices):
    """What became of a row that made no new lead at once."""

    UPDATED = "updated", _("Updated what was there")

    REJECTED = "rejected", _("Rejected")
    DUPLICATE = "duplicate", _("Duplicate")
    HELD = "held", _("Held")
    CORRECTED = "corrected", _("Corrected")


class IntakeRow(TenantModel):
    """A row that made nothing new: kept with its cells and reasons until somebody puts it right.

    Rows that updated something are kept too: they say where a value came from, and what to restore.
    """

    intake = TenantForeignKey(Intake, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    state = models.CharField(_("state"), max_length=20, choices=RowState.choices)
    # The cells by position, typed (see core.intake.cells).
    cells = models.JSONField(default=list)
    # [{"field", "code", "message", "column"}]; column is the position, or null for the row as a whole.
    reasons = models.JSONField(default=list, blank=True)
    # What a duplicate repeats, in words: a lead's reference, or an earlier row.
    repeats = models.CharField(max_length=200, blank=True)
    # The row of the importer's table that was updated or repeated, to be put back on rollback.
    repeats_id = models.BigIntegerField(null=True, blank=True)
    # The intake whose correction was accepted; the intake itself when it was corrected on the page.
    corrected_by = TenantForeignKey(Intake, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("number",)
        verbose_name = _("kept row")
        verbose_name_plural = _("kept rows")
        constraints = [
            models.UniqueConstraint(fields=["organization", "intake", "number"], name="intake_row_once")
        ]
        indexes = [
            # Where the values of one lead come from.
            models.Index(
                fields=["organization", "intake", "repeats_id"],
                name="intake_row_repeats",
                condition=models.Q(repeats_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.intake}:{self.number}"
