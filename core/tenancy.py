"""The first wall: models that belong to an organisation, and managers that fail closed.

The second wall is row-level security in the database (`core.database.operations.ProtectTable`).
"""

from typing import Any, TypeVar

from django.db import models

from core.database.roles import READ_WRITE
from core.scope import (
    NoOrganization,
    Scope,
    current_organization_id,
    current_scope,
    keeping_scope,
    organization_scope,
    system_scope,
)

__all__ = [
    "EverythingManager",
    "NoOrganization",
    "OrganizationField",
    "Scope",
    "SoftDeleteModel",
    "TenantForeignKey",
    "TenantManager",
    "TenantModel",
    "current_organization_id",
    "current_scope",
    "keeping_scope",
    "organization_scope",
    "system_scope",
]

Row = TypeVar("Row", bound=models.Model)


class EverythingManager(models.Manager[Row]):
    """Rows of the organisation in force, soft-deleted ones included.

    Raises NoOrganization when no organisation is set, except in `system_scope`, where all rows are meant.
    """

    def get_queryset(self) -> models.QuerySet[Row]:
        scope = current_scope()
        rows = super().get_queryset()
        if scope.organization_id is not None:
            return rows.filter(
                **{getattr(self.model, "tenant_column", "organization_id"): scope.organization_id}
            )
        if scope.system:
            return rows
        raise NoOrganization


class TenantManager(EverythingManager[Row]):
    """Live rows of the organisation in force."""

    def get_queryset(self) -> models.QuerySet[Row]:
        rows = super().get_queryset()
        if issubclass(self.model, SoftDeleteModel):
            return rows.filter(deleted_at__isnull=True)
        return rows


class TenantForeignKey(models.ForeignKey):
    """A reference to a row of the same organisation.

    The database holds it by a composite key (`operations.TenantKey`); Django's own constraint would
    bypass row-level security, and its automatic index doubles the write cost where no query needs it.
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)


class OrganizationField(models.ForeignKey):
    """The organisation of a row: filled when it is written, from the scope in force, unless said otherwise.

    No index of its own: every index of a tenant table that needs one starts with the organisation.
    """

    def __init__(self, to: Any = "core.Organization", on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs.setdefault("related_name", "+")
        kwargs.setdefault("db_index", False)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("blank", True)
        super().__init__(to, on_delete, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if getattr(model_instance, self.attname) is None:
            setattr(model_instance, self.attname, current_organization_id())
        return super().pre_save(model_instance, add)


class TenantModel(models.Model):
    """A row of one organisation: the one in force unless said otherwise."""

    organization = OrganizationField()

    objects = TenantManager()
    everything = EverythingManager()

    application_grants: tuple[str, ...] = READ_WRITE

    class Meta:
        abstract = True


class SoftDeleteModel(models.Model):
    """A domain row that is hidden instead of removed, and can be restored by those who may."""

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
