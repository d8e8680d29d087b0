"""The application's role and what it may do: grants by table, nothing by default.

A table that nobody decided about stays closed: the role then gets "permission denied", and a test
that walks all tables names it.
"""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from core.errors import ApplicationError

READ = ("SELECT",)
READ_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPEND = ("SELECT", "INSERT")


def ensure_application_role(connection: BaseDatabaseWrapper) -> None:
    """Create the application role where it is missing and open the schema of this database to it."""
    with connection.cursor() as cursor:
        ensure_role(cursor)
        role = sql.Identifier(settings.DATABASE_APPLICATION_ROLE)
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))


def ensure_role(cursor: Any) -> None:
    """Create the application role where it is missing and let the signed-in role become it."""
    name = settings.DATABASE_APPLICATION_ROLE
    role = sql.Identifier(name)
    cursor.execute("SELECT pg_advisory_lock(hashtext('leadledger.roles'))")
    try:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone() is None:
            _execute_as_creator(
                cursor, sql.SQL("CREATE ROLE {} NOLOGIN NOSUPERUSER NOBYPASSRLS").format(role)
            )
        # From PostgreSQL 16 on, having created a role does not allow SET ROLE by itself.
        enough = "SET" if cursor.connection.info.server_version >= 160000 else "MEMBER"
        cursor.execute("SELECT pg_has_role(current_user, %s, %s)", [name, enough])
        if not cursor.fetchone()[0]:
            _execute_as_creator(cursor, sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    finally:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('leadledger.roles'))")


def _execute_as_creator(cursor: Any, statement: sql.Composed) -> None:
    """Execute what needs CREATEROLE, or say what an administrator may do instead."""
    try:
        cursor.execute(statement)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        role, owner = settings.DATABASE_APPLICATION_ROLE, cursor.connection.info.user
        raise ApplicationError(
            "no_role",
            f"{owner} may not make roles. Let an administrator of the server execute: CREATE ROLE {role}"
            f" NOLOGIN; GRANT {role} TO {owner}; or: ALTER ROLE {owner} CREATEROLE.",
        ) from error


def application_grants(model: type[models.Model]) -> tuple[str, ...]:
    """Return what the application role may do with the table of `model`.

    A model says so itself (`application_grants`); tables of libraries are listed in
    `settings.DATABASE_LIBRARY_GRANTS` by model label or app label.
    """
    own = getattr(model, "application_grants", None)
    if own is not None:
        return tuple(own)
    listed = settings.DATABASE_LIBRARY_GRANTS
    return tuple(listed.get(model._meta.label_lower, listed.get(model._meta.app_label, ())))


def grant_application_role(connection: BaseDatabaseWrapper, app_label: str) -> None:
    """Bring the grants on the tables of one app to what its models say."""
    role = sql.Identifier(settings.DATABASE_APPLICATION_ROLE)
    existing = set(connection.introspection.table_names())
    # In one transaction: those who work meanwhile never find a table closed.
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for model in apps.get_app_config(app_label).get_models(include_auto_created=True):
            table = model._meta.db_table
            if not model._meta.managed or model._meta.proxy or table not in existing:
                continue
            grants = application_grants(model)
            cursor.execute(sql.SQL("REVOKE ALL ON TABLE {} FROM {}").format(sql.Identifier(table), role))
            if grants:
                cursor.execute(
                    sql.SQL("GRANT {} ON TABLE {} TO {}").format(
                        sql.SQL(", ").join(map(sql.SQL, grants)), sql.Identifier(table), role
                    )
                )
            if "INSERT" in grants and model._meta.auto_field is not None:
                _grant_sequence(cursor, table, model._meta.auto_field.column, role)


def _grant_sequence(cursor: Any, table: str, column: str | None, role: sql.Identifier) -> None:
    cursor.execute("SELECT pg_get_serial_sequence(quote_ident(%s), %s)", [table, column])
    sequence = cursor.fetchone()[0]
    if sequence:
        cursor.execute(
            sql.SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}").format(
                sql.Identifier(*sequence.replace('"', "").split(".")), role
            )
        )
