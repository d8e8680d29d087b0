"""Checks of the role that signs in; `migrate` runs them first."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.utils import OperationalError

from core.scope import system_scope

OWNER = "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user"


@checks.register(checks.Tags.database)
def check_owner(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Return a complaint where the role that signs in stands above row-level security: an error in production."""
    kind = checks.Error if settings.PRODUCTION else checks.Warning
    complaints: list[checks.CheckMessage] = []
    for alias in databases or ():
        try:
            with system_scope(reason="checks"), connections[alias].cursor() as cursor:
                cursor.execute(OWNER)
                name, is_above = cursor.fetchone()
        except OperationalError:
            # Not there yet, or away: whoever needs it will say so.
            continue
        if is_above:
            complaints.append(
                kind(
                    f"The database user {name} is a superuser or may bypass row-level security.",
                    hint="Let DATABASE_URL name a role without either (docs/deployment.md, Rights).",
                    id="leadledger.E010",
                )
            )
    return complaints
