"""How the columns of a kind of file are read, remembered for the next file with the same header."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantModel

LONGEST_MAPPING_NAME = 100


class SavedMapping(SoftDeleteModel, TenantModel):
    """What each column of a header fills, for one importer and what it loads into.

    There is one for a header and target: the next file with that header is read by it, and by no other.
    When it was last used, the intakes say that were read by it.
    """

    importer = models.CharField(max_length=40, editable=False)
    # As of an intake: the code of a business line, for leads.
    target = models.CharField(_("loads into"), max_length=120, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_MAPPING_NAME)
    # Of the header's names, as `core.intake.matching.fingerprint` makes it.
    fingerprint = models.CharField(max_length=64, editable=False, db_collation="C")
    # [{"header", "target"}] in the order of the file it was saved from; "" for a column that is left out.
    columns = models.JSONField(_("columns"), default=list)
    # What the importer wants to be remembered beside the columns.
    options = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("saved by"),
    )
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")
        constraints = [
            models.UniqueConstraint(
                "organization",
                "importer",
                "target",
                Lower("name"),
                condition=models.Q(deleted_at__isnull=True),
                name="saved_mapping_name_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "importer", "target", "fingerprint"],
                condition=models.Q(deleted_at__isnull=True),
                name="saved_mapping_header_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(header, target) of each column."""
        return [(column["header"], column["target"]) for column in self.columns]
