"""django-simple-history's tables and screens, with rows written by triggers (see `operations.RecordHistory`)."""

import hashlib
from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from core.database.roles import READ
from core.tenancy import TenantManager


class HistoryRow(models.Model):
    """What every history row carries beside the copy of the row: request and job of the change."""

    history_request_id = models.TextField(default="", blank=True)
    history_job_id = models.BigIntegerField(null=True, blank=True)

    objects = TenantManager()
    application_grants = READ

    class Meta:
        abstract = True


class TrackedHistory(HistoricalRecords):
    """History without signals: triggers write, so bulk statements and raw SQL cannot slip past.

    `found_by` names a reference by which rows are read too, the newest first: that of a row to its parent.
    """

    def __init__(self, row: type[HistoryRow] = HistoryRow, *, found_by: str = "", **kwargs: Any) -> None:
        self.found_by = found_by
        super().__init__(
            history_id_field=models.BigAutoField(),
            bases=[row],
            user_db_constraint=False,
            **kwargs,
        )

    def copy_fields(self, model: type[models.Model]) -> dict[str, models.Field]:
        fields = super().copy_fields(model)
        for field in fields.values():
            # One index (organisation, row) serves the screens; the copies of the row's own indexes would not.
            field.db_index = False
        return fields

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, models.Field]) -> dict[str, Any]:
        extra = super().get_extra_fields(model, fields)
        extra["history_user"].db_index = False
        extra["history_change_reason"] = models.TextField(null=True, blank=True)
        return extra

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options = super().get_meta_options(model)
        digest = hashlib.sha256(model._meta.db_table.encode()).hexdigest()[:12]
        options["indexes"] = [
            models.Index(
                fields=[*self._tenant_fields(model), "id", "history_id"], name=f"history_{digest}_row"
            )
        ]
        if self.found_by:
            newest = [models.F("history_date").desc(), models.F("history_id").desc()]
            columns = [models.F(name) for name in (*self._tenant_fields(model), self.found_by)]
            options["indexes"].append(models.Index(*columns, *newest, name=f"history_{digest}_of"))
        options["ordering"] = ("-history_id",)
        options["get_latest_by"] = "history_id"
        return options

    @staticmethod
    def _tenant_fields(model: type[models.Model]) -> list[str]:
        return ["organization"] if any(field.name == "organization" for field in model._meta.fields) else []

    def post_save(
        self, instance: models.Model, created: bool, using: str | None = None, **kwargs: Any
    ) -> None:
        """Do nothing: the trigger has written the row."""

    def post_delete(self, instance: models.Model, using: str | None = None, **kwargs: Any) -> None:
        """Do nothing: the trigger has written the row."""

    def pre_delete(self, instance: models.Model, **kwargs: Any) -> None:
        """Do nothing: the trigger writes the row."""
