"""Writing many rows fast, under row-level security.

PostgreSQL refuses COPY into a table under row-level security, so the application copies into a temporary
table and inserts from there: as fast as COPY within a tenth, with policies and history triggers in force.
A handful of rows goes as one JSON parameter, by a statement whose text does not hang on how many they are: so
PostgreSQL has planned it before.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.transaction import TransactionManagementError
from psycopg import sql

from core.database.prepared import prepared_cursor

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
    columns = tuple(columns)
    if len(rows) < COPY_FROM:
        source, parameters = _given(model, columns), [_written(rows)]
    else:
        if not connection.in_atomic_block:
            # The temporary table empties at commit: outside a transaction nothing would be left to insert.
            raise TransactionManagementError("Many rows are inserted inside a transaction only.")
        source, parameters = _staged(columns, copy_to_staging(model, columns, rows)), []
    statement = f"{_into(model, columns)} {source}"
    if ignore_conflicts:
        statement += " ON CONFLICT DO NOTHING"
    if returning:
        statement += f" RETURNING {_name(returning)}"
    with prepared_cursor() as cursor:
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
    inserts = [
        f"{_into(each.model, tuple(each.columns))} {_given(each.model, tuple(each.columns))}"
        for each in filled
    ]
    parts = ", ".join(f"part_{number} AS ({statement})" for number, statement in enumerate(inserts[:-1]))
    with prepared_cursor() as cursor:
        cursor.execute(
            f"WITH {parts} {inserts[-1]}" if parts else inserts[-1], [_written(each.rows) for each in filled]
        )


def _name(identifier: str) -> str:
    return str(connection.ops.quote_name(identifier))


@lru_cache(maxsize=256)
def _into(model: type[models.Model], columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {_name(model._meta.db_table)} ({', '.join(map(_name, columns))})"


@lru_cache(maxsize=256)
def _given(model: type[models.Model], columns: tuple[str, ...]) -> str:
    """Rows that one parameter holds, as JSON: objects by the columns' positions, JSON columns as text in them."""
    types = {field.column: str(field.db_type(connection)) for field in model._meta.concrete_fields}
    read = ", ".join(
        f"c{place}::jsonb" if types[name] == "jsonb" else f"c{place}" for place, name in enumerate(columns)
    )
    shape = ", ".join(
        f"c{place} {'text' if types[name] == 'jsonb' else types[name]}" for place, name in enumerate(columns)
    )
    return f"SELECT {read} FROM json_to_recordset(%s::json) AS given ({shape})"


def _written(rows: Sequence[Sequence[Any]]) -> str:
    return _encode(
        [{f"c{place}": value for place, value in enumerate(row) if value is not None} for row in rows]
    )


# Decimals and moments as texts, which PostgreSQL reads as it reads them anywhere.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=str).encode


def _staged(columns: tuple[str, ...], staging: str) -> str:
    return f"SELECT {', '.join(map(_name, columns))} FROM {_name(staging)}"


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
