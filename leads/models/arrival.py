"""Where files come from by themselves: watched folders, prefixes of a bucket, mailboxes; and what came."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.models import Intake
from core.tenancy import TenantForeignKey, TenantModel
from leads.models.line import ON_DUPLICATE, BusinessLine
from leads.models.origin import Source


class PlaceKind(models.TextChoices):
    """What is watched."""

    FOLDER = "folder", _("Folder")
    BUCKET = "bucket", _("Bucket (S3)")
    MAILBOX = "mailbox", _("Mailbox (IMAP)")


class MailSecurity(models.TextChoices):
    """How the way to a mailbox is encrypted. `none` serves machines of the own network, where settings allow them."""

    TLS = "tls", _("TLS")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None")


class WatchedPlace(TenantModel):
    """A place that is looked at every minute; each file that comes there is taken once, and becomes an import."""

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(
        _("kind"), max_length=10, choices=PlaceKind.choices, default=PlaceKind.FOLDER, db_collation="C"
    )
    line = TenantForeignKey(
        BusinessLine, on_delete=models.PROTECT, related_name="+", verbose_name=_("business line")
    )
    # Of rows that name none themselves.
    source = TenantForeignKey(
        Source, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("source")
    )
    # Empty: as the line, or the saved mapping, says.
    on_duplicate = models.CharField(
        _("when a lead is there already"), max_length=10, choices=ON_DUPLICATE, blank=True
    )
    loads_known = models.BooleanField(_("load known files by themselves"), default=True)
    is_paused = models.BooleanField(_("paused"), default=False, editable=False)
    # Below the organisation's own folder of the watched root, or of the bucket.
    path = models.CharField(_("folder"), max_length=200, blank=True)
    host = models.CharField(_("server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(
        _("encryption"),
        max_length=10,
        choices=MailSecurity.choices,
        default=MailSecurity.TLS,
        db_collation="C",
    )
    username = models.CharField(_("user"), max_length=254, blank=True)
    # As `core.secrets` encrypts it.
    password = models.TextField(_("password"), blank=True)
    mailbox = models.CharField(_("mailbox"), max_length=200, default="INBOX", blank=True)
    # Empty: messages stay where they are, marked as read.
    done_mailbox = models.CharField(_("move messages to"), max_length=200, blank=True)
    # Addresses, or whole domains as @example.com.
    allowed_senders = ArrayField(
        models.CharField(max_length=254), default=list, blank=True, verbose_name=_("allowed senders")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    history = TrackedHistory(excluded_fields=["password"])

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("watched place")
        verbose_name_plural = _("watched places")
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="watched_place_name_once"),
            models.UniqueConstraint(
                fields=["organization", "kind", "path"],
                condition=models.Q(kind__in=["folder", "bucket"]),
                name="watched_place_path_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlaceLook(TenantModel):
    """How the last look at a place went, and who looks now. Apart from the place: its history holds decisions."""

    place = TenantForeignKey(WatchedPlace, on_delete=models.PROTECT, related_name="looks")
    looked_at = models.DateTimeField(_("last look"), null=True, blank=True)
    # Until then nobody else looks; a worker that is lost holds nothing up for longer.
    lease_until = models.DateTimeField(null=True, blank=True)
    # Why the place could not be looked at; "" while all is well.
    error = models.CharField(_("error"), max_length=500, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    # name → size and time of writing, of files that may still be written.
    seen = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("look at a place")
        verbose_name_plural = _("looks at places")
        constraints = [models.UniqueConstraint(fields=["organization", "place"], name="place_look_once")]

    def __str__(self) -> str:
        return f"{self.place_id} · {self.looked_at}"


class ArrivalState(models.TextChoices):
    """What became of something that came."""

    LOADING = "loading", _("Handed to its import")
    WAITING = "waiting", _("Waits for a person")
    FAILED = "failed", _("Not taken")


class Arrival(TenantModel):
    """A file, or an attachment of a message, that came to a watched place. A log: it has no history of its own."""

    place = TenantForeignKey(
        WatchedPlace, on_delete=models.PROTECT, related_name="arrivals", verbose_name=_("watched place")
    )
    # A digest of where it lay and what it holds, or of the message and the part: each is taken once.
    identity = models.CharField(max_length=64, db_collation="C", editable=False)
    name = models.CharField(_("file"), max_length=255)
    size = models.BigIntegerField(_("bytes"), default=0)
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=255, blank=True)
    message_id = models.CharField(_("message"), max_length=255, blank=True)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=ArrivalState.choices,
        default=ArrivalState.LOADING,
        db_collation="C",
    )
    # Why it waits or was not taken.
    code = models.CharField(max_length=60, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    intake = TenantForeignKey(
        Intake, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("import")
    )
    # Whether it has left the place; until then every look tries again.
    is_put_away = models.BooleanField(default=False, editable=False)
    # How often the very same came.
    times = models.PositiveIntegerField(_("times"), default=1)
    at = models.DateTimeField(_("arrived"), default=timezone.now)

    class Meta:
        ordering = ("-id",)
        verbose_name = _("arrival")
        verbose_name_plural = _("arrivals")
        constraints = [
            models.UniqueConstraint(fields=["organization", "place", "identity"], name="arrival_once")
        ]
        indexes = [
            models.Index(F("organization"), F("place"), F("id").desc(), name="arrival_newest"),
            models.Index(
                fields=["organization", "intake"],
                name="arrival_of_intake",
                condition=models.Q(intake__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
