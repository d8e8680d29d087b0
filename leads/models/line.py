"""Business lines and their fields: what operations configure without code.

`Field` rows are the draft that the console edits. Publishing freezes them into a `LineVersion`, an
immutable snapshot that forms, validation, imports, lists and exports read. A lead remembers its version.
"""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.database.roles import APPEND
from core.models.organization import CURRENCIES
from core.tenancy import SoftDeleteModel, TenantForeignKey, TenantModel

ON_DUPLICATE = [
    ("skip", _("Skip, and count a repeat enquiry")),
    ("update", _("Update the lead that is there")),
    ("create", _("Create another lead")),
]
QUALITY_TARGET = Decimal("98.5")
DEFAULT_STAGES = ["new", "contacted", "qualified", "documents", "decision"]


def default_stages() -> list[str]:
    """Return the stages of a line that says nothing about them."""
    return list(DEFAULT_STAGES)


class BusinessLine(SoftDeleteModel, TenantModel):
    """A kind of sale with its own fields, duplicates and stages, such as personal loans."""

    code = models.SlugField(
        _("code"), max_length=60, help_text=_("Names the line in files, commands and the API. Never changes.")
    )
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, default="INR")
    duplicate_match = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        verbose_name=_("duplicate match"),
        help_text=_(
            "Fields or core attributes that tell a repeat, one key each;"
            " join with + to match them together, such as phone or name+city."
        ),
    )
    on_duplicate = models.CharField(_("on duplicate"), max_length=10, choices=ON_DUPLICATE, default="skip")
    stages = ArrayField(
        models.CharField(max_length=60), default=default_stages, blank=True, verbose_name=_("stages")
    )
    complete_fields = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        verbose_name=_("fields of a complete lead"),
        help_text=_("Keys of the fields that a complete lead has filled; none: those that are required."),
    )
    # Per cent of leads that are to be complete, valid and unduplicated.
    quality_target = models.DecimalField(
        _("quality target"),
        max_digits=5,
        decimal_places=2,
        default=QUALITY_TARGET,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Sections of the draft that have no field yet; a section with fields is named by them.
    empty_sections = ArrayField(models.CharField(max_length=100), default=list, blank=True, editable=False)
    score_bounded = models.BooleanField(
        _("score from 0 to 100"),
        default=False,
        help_text=_("A sum of points below 0 counts as 0, one above 100 as 100."),
    )
    # Of the score rules in use, drawn anew with each change of them; 0 while there are none. Who has pinned the line
    # knows by it which rules count, without asking for them.
    score_token = models.BigIntegerField(default=0, editable=False)
    # What the scores of stored leads may tell of: keys that the rules read, those of rules before them until all leads
    # are scored anew.
    score_reads = ArrayField(models.CharField(max_length=60), default=list, blank=True, editable=False)
    # Of the rules for stalled leads in use, as above.
    stall_token = models.BigIntegerField(default=0, editable=False)
    # The number of the version in force; 0 while nothing is published.
    version = models.PositiveIntegerField(_("version in force"), default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()

    class Meta:
        ordering = ("name",)
        verbose_name = _("business line")
        verbose_name_plural = _("business lines")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "code"],
                condition=models.Q(deleted_at__isnull=True),
                name="line_code_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FieldKind(models.TextChoices):
    """The types a field can have. A key never changes its type."""

    TEXT = "text", _("Text")
    LONG_TEXT = "long_text", _("Long text")
    INTEGER = "integer", _("Whole number")
    DECIMAL = "decimal", _("Decimal number")
    MONEY = "money", _("Money")
    PERCENT = "percent", _("Percent")
    BOOLEAN = "boolean", _("Yes or no")
    DATE = "date", _("Date")
    DATETIME = "datetime", _("Date and time")
    TIME = "time", _("Time")
    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    URL = "url", _("Web address")
    SELECT = "select", _("Choice")
    MULTI_SELECT = "multi_select", _("Several choices")
    FILE = "file", _("File")
    IMAGE = "image", _("Picture")
    USER = "user", _("Member")
    LEAD = "lead", _("Another lead")
    LOCATION = "location", _("Place on the map")
    COMPUTED = "computed", _("Computed")
    JSON = "json", _("Structured data")


class FieldStatus(models.TextChoices):
    """Draft fields are not published; retired ones leave forms and stay readable."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class Field(TenantModel):
    """The definition of one field of a line, as the console edits it."""

    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="fields", verbose_name=_("business line")
    )
    key = models.CharField(
        _("key"), max_length=60, help_text=_("snake_case, such as monthly_income. Never changes.")
    )
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=20, choices=FieldKind.choices)
    section = models.CharField(_("section"), max_length=100, blank=True)
    order = models.PositiveIntegerField(_("order"), default=0)
    # Empty: what suits the type, half a row for most.
    width = models.CharField(
        _("width"),
        max_length=10,
        blank=True,
        choices=[("full", _("Full")), ("half", _("Half")), ("third", _("A third"))],
    )
    help = models.CharField(_("help"), max_length=500, blank=True)
    placeholder = models.CharField(_("placeholder"), max_length=200, blank=True)
    required = models.BooleanField(_("required"), default=False)
    unique = models.BooleanField(_("unique"), default=False)
    default = models.CharField(_("default"), max_length=500, blank=True)
    min = models.CharField(_("minimum"), max_length=40, blank=True)
    max = models.CharField(_("maximum"), max_length=40, blank=True)
    min_length = models.PositiveIntegerField(_("shortest"), null=True, blank=True)
    max_length = models.PositiveIntegerField(_("longest"), null=True, blank=True)
    regex = models.CharField(_("pattern"), max_length=500, blank=True)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    choices_from = models.CharField(_("choices depend on"), max_length=60, blank=True)
    max_size_mb = models.PositiveIntegerField(_("largest file in MB"), null=True, blank=True)
    accept = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("kinds of files")
    )
    date_order = models.CharField(
        _("date order"),
        max_length=3,
        blank=True,
        choices=[("DMY", "31/12/2025"), ("MDY", "12/31/2025"), ("YMD", "2025/12/31")],
    )
    min_age = models.PositiveIntegerField(_("youngest"), null=True, blank=True)
    max_age = models.PositiveIntegerField(_("oldest"), null=True, blank=True)
    default_region = models.CharField(_("phone region"), max_length=2, blank=True)
    transform = models.CharField(
        _("transform"),
        max_length=10,
        blank=True,
        choices=[
            ("upper", _("UPPER CASE")),
            ("lower", _("lower case")),
            ("title", _("Title Case")),
            ("digits", _("digits only")),
        ],
    )
    visible_if = models.JSONField(_("visible if"), null=True, blank=True)
    required_if = models.JSONField(_("required if"), null=True, blank=True)
    formula = models.CharField(_("formula"), max_length=1000, blank=True)
    decimals = models.PositiveSmallIntegerField(_("decimals"), null=True, blank=True)
    indexed = models.BooleanField(_("fast filters"), default=False)
    pii = models.BooleanField(_("personal data"), default=False)
    visible_to = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("visible to")
    )
    editable_by = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("editable by")
    )
    empty_values = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, verbose_name=_("texts that mean empty")
    )
    aliases = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, verbose_name=_("other column names")
    )
    maps_to = models.CharField(_("fills the core attribute"), max_length=20, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=FieldStatus.choices, default=FieldStatus.ACTIVE
    )
    # When the values of stored leads were last brought into the index; null while the backfill is due.
    index_ready_at = models.DateTimeField(null=True, blank=True, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("line", "order", "id")
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "key"], name="field_key_once"),
            models.CheckConstraint(
                condition=models.Q(key__regex=r"^[a-z][a-z0-9_]*$"), name="field_key_snake_case"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.key})"


class LineVersion(TenantModel):
    """What a line's fields were when published: immutable, so that it can be kept in memory for ever."""

    line = TenantForeignKey(BusinessLine, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    # {"fields": [definition, …]}: the configuration file's form, with the ids of the Field rows.
    definition = models.JSONField()
    note = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory()
    application_grants = APPEND

    class Meta:
        ordering = ("line", "-number")
        verbose_name = _("line version")
        verbose_name_plural = _("line versions")
        constraints = [
            models.UniqueConstraint(fields=["organization", "line", "number"], name="line_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.line} v{self.number}"
