"""Whether this process answers, and whether the whole is ready to serve. For load balancers: no sign-in."""

import functools
from collections.abc import Callable
from typing import Any

import redis
import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from core.scope import system_scope

log = structlog.get_logger("leadledger.health")

PATIENCE_SECONDS = 2
# The sweeper of a worker beats every 2 s, and every 10 s while the database is trouble.
OLDEST_HEARTBEAT_SECONDS = 30
HEARTBEAT_AGE = "SELECT EXTRACT(EPOCH FROM clock_timestamp() - max(beat_at))::float FROM core_workerheartbeat"

Part = dict[str, Any]


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process can; touches neither database nor Redis."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, Redis, migrations and a worker are there, else 503; and each part's state."""
    parts = {**_database_parts(), "redis": _checked("redis", _redis)}
    ready = all(part["ok"] for part in parts.values())
    status = 200 if ready else 503
    return JsonResponse({"status": "ready" if ready else "not ready", "parts": parts}, status=status)


def _checked(name: str, look: Callable[[], Part]) -> Part:
    try:
        return look()
    except Exception as error:
        # Whatever it is, this part is not ready. The reason may name hosts: it is for the log alone.
        log.warning("not_ready", part=name, error=str(error))
        return {"ok": False, "detail": "unreachable"}


def _database_parts() -> dict[str, Part]:
    """Look at the database over a connection of its own: the pool may be exhausted or wait for long."""
    probe = _probe_connection()
    parts: dict[str, Callable[[], Part]] = {
        "database": lambda: _database(probe),
        "migrations": lambda: _migrations(probe),
        "worker": lambda: _worker(probe),
    }
    try:
        with system_scope(reason="readiness"):
            return {name: _checked(name, look) for name, look in parts.items()}
    finally:
        probe.close()


def _probe_connection() -> BaseDatabaseWrapper:
    probe = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in probe.settings_dict["OPTIONS"].items() if name != "pool"}
    options["connect_timeout"] = PATIENCE_SECONDS
    options["options"] = f"{options.get('options', '')} -c statement_timeout={PATIENCE_SECONDS * 1000}"
    probe.settings_dict = {**probe.settings_dict, "OPTIONS": options}
    return probe


def _database(probe: BaseDatabaseWrapper) -> Part:
    with probe.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def _migrations(probe: BaseDatabaseWrapper) -> Part:
    with probe.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        missing = len(_known_migrations().difference(cursor.fetchall()))
    return {"ok": missing == 0, "missing": missing}


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations of the code that this process runs, which do not change while it lives.

    Squashed ones are left out: applying one records those that it replaces.
    """
    on_disk = MigrationLoader(None).disk_migrations or {}
    return frozenset(name for name, migration in on_disk.items() if not migration.replaces)


def _worker(probe: BaseDatabaseWrapper) -> Part:
    with probe.cursor() as cursor:
        cursor.execute(HEARTBEAT_AGE)
        age = cursor.fetchone()[0]
    if age is None:
        return {"ok": False, "detail": "no worker has started"}
    return {"ok": age <= OLDEST_HEARTBEAT_SECONDS, "heartbeat_age_seconds": round(age, 1)}


def _redis() -> Part:
    client = redis.Redis.from_url(
        settings.CACHES["default"]["LOCATION"],
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
    )
    try:
        client.ping()
    finally:
        client.close()
    return {"ok": True}
