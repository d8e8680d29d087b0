"""What the database itself says of its tables: read from PostgreSQL's catalogs, not from our models."""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connection, models

from core.models import Organization, WorkerHeartbeat
from core.scope import system_scope
from core.tenancy import TenantForeignKey

# Tables that every organisation shares. Each is a decision: nothing in them belongs to anybody.
SHARED = {
    "auth_group": "Django's own, empty",
    "auth_group_permissions": "Django's own, empty",
    "auth_permission": "names of models",
    "django_content_type": "names of models",
    WorkerHeartbeat._meta.db_table: "workers serve all",
}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@dataclass(frozen=True)
class Table:
    """A table as PostgreSQL knows it, and what the application role may do with it."""

    name: str
    kind: str
    has_row_security: bool
    has_organization: bool
    privileges: frozenset[str]

    @property
    def is_open(self) -> bool:
        return bool(self.privileges)


TABLES = """
SELECT c.relname, c.relkind, c.relrowsecurity,
       EXISTS (SELECT 1 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped),
       ARRAY(SELECT p FROM unnest(%(privileges)s::text[]) AS p
              WHERE has_table_privilege(%(role)s, c.oid, p)
                 OR (p IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     AND has_any_column_privilege(%(role)s, c.oid, p)))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
 ORDER BY c.relname
"""


def read_tables() -> dict[str, Table]:
    """Return every table and view of the schema by name."""
    with system_scope(), connection.cursor() as cursor:
        cursor.execute(TABLES, {"role": settings.DATABASE_APPLICATION_ROLE, "privileges": list(PRIVILEGES)})
        return {row[0]: Table(row[0], row[1], row[2], row[3], frozenset(row[4])) for row in cursor.fetchall()}


def is_history(model: type[models.Model]) -> bool:
    """Whether the model is the history of another."""
    return hasattr(model, "history_object")


def tenant_models() -> list[type[models.Model]]:
    """Return the models whose rows belong to one organisation, histories and derived rows included."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if any(field.name == "organization" for field in model._meta.fields)
    ]


def made_models() -> list[type[models.Model]]:
    """Return the models of which a test must make a row: histories follow by themselves."""
    return [*(model for model in tenant_models() if not is_history(model)), Organization]


def tenant_keys() -> list[tuple[type[models.Model], TenantForeignKey]]:
    """Return every reference from one tenant's row to another."""
    return [
        (model, field)
        for model in tenant_models()
        if not is_history(model)
        for field in model._meta.fields
        if isinstance(field, TenantForeignKey)
    ]
