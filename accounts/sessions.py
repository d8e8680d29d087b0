"""Sessions in the database, behind the wall: only this store reads them, the application role cannot."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from core.database.compiled import CompiledQuery
from core.scope import system_scope

# Where a session keeps the slug of the organisation its person works in.
ORGANIZATION_KEY = "organization"


SESSION = CompiledQuery(lambda key: Session.objects.filter(session_key=key), key=str)


class SessionStore(db.SessionStore):
    """Django's database sessions, each access through `system_scope`."""

    def load(self) -> dict[str, Any]:
        with system_scope(reason="session"):
            return super().load()

    def _get_session_from_db(self) -> Session | None:
        found = SESSION.first(key=self.session_key) if self.session_key else None
        if found is None or found.expire_date <= timezone.now():
            self._session_key = None
            return None
        return found

    def exists(self, session_key: str) -> bool:
        with system_scope(reason="session"):
            return super().exists(session_key)

    def save(self, must_create: bool = False) -> None:
        with system_scope(reason="session"):
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        with system_scope(reason="session"):
            super().delete(session_key)

    @classmethod
    def clear_expired(cls) -> None:
        with system_scope(reason="session"):
            super().clear_expired()
