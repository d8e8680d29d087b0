"""Lists of leads that people keep: what they ask for, and how they look."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import ROLE_LABELS
from core.database.history import TrackedHistory
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel
from leads.models.line import BusinessLine

LONGEST_VIEW_NAME = 60


class ViewSharing(models.TextChoices):
    """For whom a view is."""

    PRIVATE = "private", _("Only me")
    TEAM = "team", _("A team")
    ROLE = "role", _("A role")
    ORGANIZATION = "organization", _("Everybody")


class ViewLayout(models.TextChoices):
    """How the leads of a view stand."""

    TABLE = "table", _("Table")
    BOARD = "board", _("Board")


class SavedView(SoftDeleteModel, TenantModel):
    """A list of one line's leads. It is what it asks for, never what it found: each reader sees their own leads."""

    name = models.CharField(_("name"), max_length=LONGEST_VIEW_NAME)
    line = TenantForeignKey(BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("line"))
    owner = TenantForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    sharing = models.CharField(
        _("shared with"), max_length=20, choices=ViewSharing.choices, default=ViewSharing.PRIVATE
    )
    # Of a view for a role, and for the team of a leader.
    role = models.CharField(
        _("role"),
        max_length=20,
        blank=True,
        choices=[(role.value, label) for role, label in ROLE_LABELS.items()],
    )
    team = TenantForeignKey(
        Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("team")
    )
    search = models.CharField(_("search"), max_length=200, blank=True)
    # A rule (JSON) over names of the catalog of lists, None for all leads.
    conditions = models.JSONField(_("filters"), null=True, blank=True)
    # Keys of list columns in their order; [] for those that the list itself begins with.
    columns = models.JSONField(_("columns"), default=list, blank=True)
    ordering = models.CharField(_("sort"), max_length=120, blank=True)
    layout = models.CharField(
        _("layout"), max_length=10, choices=ViewLayout.choices, default=ViewLayout.TABLE
    )
    is_pinned = models.BooleanField(_("pinned"), default=True)
    is_default = models.BooleanField(_("default"), default=False)
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                "organization",
                "owner",
                "line",
                Lower("name"),
                condition=Q(deleted_at__isnull=True),
                name="saved_view_name_once",
            )
        ]
        indexes = [
            models.Index(
                F("organization"),
                F("line"),
                name="saved_view_of_line",
                condition=Q(deleted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name
