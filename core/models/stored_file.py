"""Files that people hand in, kept beside the row they belong to."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.database.history import TrackedHistory
from core.tenancy import TenantModel


class StoredFile(TenantModel):
    """One kept file: what it is, by its bytes, and what it belongs to.

    `purpose` is the name under which an app registered who may read it; `about` says more (which field), and
    `subject_id` which row. Unattached files are their uploader's alone and are removed after a day.
    """

    name = models.CharField(_("name"), max_length=255)
    size = models.BigIntegerField(_("bytes"))
    content_type = models.CharField(_("content type"), max_length=100)
    sha256 = models.CharField(max_length=64, editable=False)
    # Its name in the default storage.
    path = models.CharField(max_length=255, editable=False)
    # Of a picture, in pixels.
    width = models.PositiveIntegerField(null=True, blank=True, editable=False)
    height = models.PositiveIntegerField(null=True, blank=True, editable=False)
    purpose = models.CharField(max_length=40, editable=False)
    about = models.CharField(max_length=130, editable=False)
    subject_id = models.BigIntegerField(null=True, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    attached_at = models.DateTimeField(_("attached"), null=True, blank=True, editable=False)

    history = TrackedHistory()

    class Meta:
        ordering = ("-id",)
        verbose_name = _("kept file")
        verbose_name_plural = _("kept files")
        indexes = [
            models.Index(
                fields=["organization", "created_at"],
                name="stored_file_unattached",
                condition=models.Q(attached_at__isnull=True),
            ),
            models.Index(fields=["organization", "purpose", "subject_id"], name="stored_file_subject"),
            # The search for files that no row knows asks by name.
            models.Index(fields=["organization", "path"], name="stored_file_path"),
        ]

    def __str__(self) -> str:
        return self.name
