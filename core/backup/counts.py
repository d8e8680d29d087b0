"""How many rows each table holds, as the owner sees it."""

from collections.abc import Iterable

from django.apps import apps
from django.db import connection
from psycopg import sql

# Credentials of signed-in browsers: who restores signs in anew.
NEVER_KEPT = ("django_session",)
# Rows that every database has by itself once it is migrated.
OF_THE_FRAMEWORK = ("django_migrations", "django_content_type", "auth_permission")


def all_tables() -> list[str]:
    """Return the tables of this database that are ours or a library's, by name."""
    existing = set(connection.introspection.table_names())
    return sorted(
        {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
        & existing
        | ({"django_migrations"} & existing)
    )


def count_rows(tables: Iterable[str]) -> dict[str, int]:
    """Return the number of rows of each table, counted one by one. Run it in `system_scope`."""
    counts = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            counts[table] = cursor.fetchone()[0]
    return counts


def what_is_stored() -> dict[str, int]:
    """Return the rows by table that people or their work have put here; nothing for a database just made."""
    return {
        table: count
        for table, count in count_rows(
            table for table in all_tables() if table not in OF_THE_FRAMEWORK
        ).items()
        if count and not table.startswith("django_celery_beat")
    }
