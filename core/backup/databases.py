"""Databases beside the one in use: a restore fills a new one and lets it take the other's place."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import ProgrammingError, connection
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from core.errors import ApplicationError

LONGEST_NAME = 63
# How long those who were sent away may take to go.
PATIENCE_SECONDS = 10.0
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def beside(name: str, suffix: str) -> str:
    """Return the name of a database beside `name`, within what PostgreSQL allows."""
    return f"{name[: LONGEST_NAME - len(suffix) - 1]}_{suffix}"


@contextmanager
def maintenance() -> Iterator[Any]:
    """A cursor outside the database in use, as the owner. Enter it in `system_scope`."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        yield cursor


@contextmanager
def working_in(name: str) -> Iterator[None]:
    """Let Django's connection of this process lead to another database for a while."""
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def create_empty(cursor: Any, name: str) -> None:
    """Make an empty database, in place of what an earlier attempt may have left under that name.

    Raises:
        ApplicationError: the owner of the tables may not create databases.
    """
    drop(cursor, name)
    try:
        cursor.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        owner = connection.settings_dict["USER"]
        raise ApplicationError(
            "no_database",
            f"{owner} may not create databases, and a restore fills a new one. Let an administrator of the server"
            f" execute: ALTER ROLE {owner} CREATEDB. Nothing was changed.",
        ) from error


def drop(cursor: Any, name: str) -> None:
    """Remove a database if it is there, sending away who works in it."""
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def exchange(cursor: Any, current: str, restored: str, former: str) -> None:
    """Let `restored` take the place of `current`, which is kept as `former`; both or neither.

    Everybody who works in `current` is sent away, and finds the restored one on coming back.
    """
    allow = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    cursor.execute(allow.format(sql.Identifier(current), sql.Literal(False)))
    try:
        _send_away(cursor, current)
        with cursor.db.connection.transaction():
            _rename(cursor, current, former)
            _rename(cursor, restored, current)
    except BaseException:
        cursor.execute(allow.format(sql.Identifier(current), sql.Literal(True)))
        raise


def exists(cursor: Any, name: str) -> bool:
    """Return whether there is a database of that name."""
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return cursor.fetchone() is not None


def _send_away(cursor: Any, name: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        cursor.execute(TERMINATE, [name])
        if cursor.fetchall() == []:
            return
        time.sleep(0.05)


def _rename(cursor: Any, old: str, new: str) -> None:
    cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
