"""Writing many rows fast, under row-level security.

PostgreSQL refuses COPY into a table under row-level security, so the application copies into a temporary
table and inserts from there: as fast as COPY within a tenth, with policies and history triggers in force.
A handful of rows goes by a plain INSERT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError
from psycopg import sql

# Below this, the round trips of a temporary table cost more than they save.
COPY_FROM = 40


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for one table: tuples in the order of `columns` (database column names), JSON values as text."""

    model: type[models.Model]
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


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
    statement, parameters = _insert(Rows(model, columns, rows))
    if ignore_conflicts:
        statement += sql.SQL(" ON CONFLICT DO NOTHING")
    if returning:
        statement += sql.SQL(" RETURNING {}").format(sql.Identifier(returning))
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()] if returning else []


def insert_together(*tables: Rows) -> None:
    """Insert rows into several tables. A handful goes as one statement: each costs more than its rows.

    Within it no table sees what goes into another, so foreign keys may not lead from one to the next.
    """
    filled = [each for each in tables if each.rows]
    if any(len(each.rows) >= COPY_FROM for each in filled):
        for each in filled:
            insert_rows(each.model, each.columns, each.rows)
        return
    if not filled:
        return
    *first, last = [_insert(each) for each in filled]
    parts = sql.SQL(", ").join(
        sql.SQL("{} AS ({})").format(sql.Identifier(f"part_{number}"), statement)
        for number, (statement, _parameters) in enumerate(first)
    )
    statement = sql.SQL("WITH {} {}").format(parts, last[0]) if first else last[0]
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _statement, values in (*first, last) for value in values])


def _insert(given: Rows) -> tuple[sql.Composed, list[Any]]:
    """The statement that inserts rows, with its parameters; many rows are staged for it first."""
    names = sql.SQL(", ").join(map(sql.Identifier, given.columns))
    if len(given.rows) < COPY_FROM:
        place = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(given.columns)))
        source = sql.SQL("VALUES ") + sql.SQL(", ").join([place] * len(given.rows))
        parameters: list[Any] = [value for row in given.rows for value in row]
    else:
        if not connection.in_atomic_block:
            # The temporary table empties at commit: outside a transaction nothing would be left to insert.
            raise TransactionManagementError("Many rows are inserted inside a transaction only.")
        staged = sql.Identifier(copy_to_staging(given.model, given.columns, given.rows))
        source = sql.SQL("SELECT {} FROM {}").format(names, staged)
        parameters = []
    table = sql.Identifier(given.model._meta.db_table)
    return sql.SQL("INSERT INTO {} ({}) {}").format(table, names, source), parameters


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
