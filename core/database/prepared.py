"""Statements that come again and again: planned once per connection instead of once per call."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def prepared_cursor() -> Iterator[Any]:
    """A cursor whose statements PostgreSQL plans when a connection first meets them.

    The server binds the parameters: an ambiguous one is cast in the statement. Give it constant texts only; a list
    of columns has to be written out, because `*` is not what it was after a migration.
    """
    with connection.preparing(), connection.cursor() as cursor:  # type: ignore[attr-defined]
        yield cursor
