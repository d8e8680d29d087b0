"""Writing many rows fast, under row-level security.

PostgreSQL refuses COPY into a table under row-level security, so the application copies into a temporary
table and inserts from there: as fast as COPY within a tenth, with policies and history triggers in force.
A handful of rows goes by a plain INSERT.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError
from psycopg import sql

# Below this, the round trips of a temporary table cost more than they save.
COPY_FROM = 40


def insert_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
    returning: str | None = None,
) -> list[Any]:
    """Insert `rows` (tuples in the order of `columns`, database column names) into the table of `model`.

    `ignore_conflicts` leaves out rows that a unique constraint refuses. `returning` names a column whose
    values for the inserted rows are returned. JSON values must be given as text.
    """
    if not rows:
        return []
    table = sql.Identifier(model._meta.db_table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    if len(rows) < COPY_FROM:
        place = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(columns)))
        source = sql.SQL("VALUES ") + sql.SQL(", ").join([place] * len(rows))
        parameters: list[Any] = [value for row in rows for value in row]
    else:
        if not connection.in_atomic_block:
            # The temporary table empties at commit: outside a transaction nothing would be left to insert.
            raise TransactionManagementError("Many rows are inserted inside a transaction only.")
        staged = sql.Identifier(copy_to_staging(model, columns, rows))
        source = sql.SQL("SELECT {} FROM {}").format(names, staged)
        parameters = []
    statement = sql.SQL("INSERT INTO {} ({}) {}").format(table, names, source)
    if ignore_conflicts:
        statement += sql.SQL(" ON CONFLICT DO NOTHING")
    if returning:
        statement += sql.SQL(" RETURNING {}").format(sql.Identifier(returning))
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()] if returning else []


def copy_to_staging(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Copy rows into a temporary table shaped like the model's; return its name. It empties at commit."""
    table = model._meta.db_table
    staging = f"staging_{table}"
    identifier = sql.Identifier(staging)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"pg_temp.{staging}"])
        if cursor.fetchone()[0] is None:
            cursor.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE {} ON COMMIT DELETE ROWS AS SELECT * FROM {} WITH NO DATA"
                ).format(identifier, sql.Identifier(table))
            )
        else:
            cursor.execute(sql.SQL("TRUNCATE {}").format(identifier))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(identifier, names)) as copy:
            for row in rows:
                copy.write_row(row)
    return staging


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Draw `count` primary keys of `model` from its sequence, so that related rows can be prepared first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
