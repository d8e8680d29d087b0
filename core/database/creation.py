"""Test databases, made and removed by the owner; the application role first, because workers share it."""

from typing import Any

from django.db.backends.postgresql.creation import DatabaseCreation as PostgreSQLCreation

from core.database.roles import ensure_role
from core.scope import system_scope


class DatabaseCreation(PostgreSQLCreation):
    """Django's creation of test databases, in `system_scope`."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        with system_scope(reason="test database"):
            with self._nodb_cursor() as cursor:  # type: ignore[attr-defined]
                # Roles belong to the server and locks to a database: here all parallel workers meet.
                ensure_role(cursor)
            return super().create_test_db(*args, **kwargs)

    def destroy_test_db(self, *args: Any, **kwargs: Any) -> None:
        with system_scope(reason="test database"):
            super().destroy_test_db(*args, **kwargs)

    def serialize_db_to_string(self) -> str:
        with system_scope(reason="test database"):
            return super().serialize_db_to_string()

    def deserialize_db_from_string(self, data: str) -> None:
        with system_scope(reason="test database"):
            super().deserialize_db_from_string(data)
