"""PostgreSQL with two roles on one connection.

The connection signs in as the owner of the tables. Before a cursor is handed out, the scope in force
(`core.scope`) is compared with what this connection last applied; where it differs, one statement sets
the role and the settings that row-level security and the history triggers read. Outside `system_scope`
the role is the application's: grants only, not owner, not superuser, not BYPASSRLS.

The settings hold for the session, not the transaction, so they cover autocommit and server-side cursors.
A connection pooler in front must therefore pool by session.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, operations
from django.db.utils import NotSupportedError
from django.utils.functional import cached_property
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from core.database.creation import DatabaseCreation
from core.scope import Scope, current_scope, system_scope

APPLY = (
    "SELECT set_config('role', %s, false), set_config('app.organization_id', %s, false),"
    " set_config('app.actor_id', %s, false), set_config('app.request_id', %s, false),"
    " set_config('app.reason', %s, false), set_config('app.job_id', %s, false)"
)


def _text(value: object) -> str:
    return "" if value is None else str(value)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, telling what prepared statements were called with as well."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement as it was executed, for those who look at queries."""
        told: str | None = super().last_executed_query(cursor, sql, params)
        return str(self.compose_sql(sql, params)) if told is None else told


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's PostgreSQL wrapper that keeps the connection in step with the scope."""

    creation_class = DatabaseCreation
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._applied: Scope | None = None
        self._is_preparing = False

    def get_connection_params(self) -> dict[str, Any]:
        # Only cursors of `preparing` look at it: at once, because they are for statements that come again and again.
        return {**super().get_connection_params(), "prepare_threshold": 0}

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Within the block statements are planned once per connection, however often they come.

        The server binds their parameters, so it must be able to tell a type for each: what is ambiguous is cast.
        For statements whose text and whose parameters' types stay the same.
        """
        before, self._is_preparing = self._is_preparing, True
        try:
            yield
        except NotSupportedError:
            # A migration has changed what a planned statement returns. This connection plans nothing any more.
            if self.connection is not None:
                self.connection.prepare_threshold = None
            raise
        finally:
            self._is_preparing = before

    @cached_property
    def pg_version(self) -> int:
        """The server's version. Checks ask for it before the first `migrate` has made the application's role."""
        with system_scope(reason="server version"):
            return int(super().pg_version)

    def create_cursor(self, name: str | None = None) -> Any:
        self._apply(current_scope())
        if not self._is_preparing:
            return super().create_cursor(name)
        usual, self.connection.cursor_factory = self.connection.cursor_factory, base.ServerBindingCursor
        try:
            return super().create_cursor(name)
        finally:
            self.connection.cursor_factory = usual

    def _apply(self, scope: Scope) -> None:
        if scope == self._applied:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            # Only ROLLBACK may follow, and it needs no scope; PostgreSQL refuses all else by itself.
            return
        Cursor(self.connection).execute(
            APPLY,
            (
                "none" if scope.system else settings.DATABASE_APPLICATION_ROLE,
                _text(scope.organization_id),
                _text(scope.actor_id),
                scope.request_id,
                scope.reason,
                _text(scope.job_id),
            ),
        )
        self._applied = scope

    def _forget_applied(self) -> None:
        # A rollback takes back settings made since the transaction (or savepoint) began.
        self._applied = None

    def connect(self) -> None:
        self._forget_applied()
        super().connect()

    def _rollback(self) -> None:
        self._forget_applied()
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._forget_applied()
