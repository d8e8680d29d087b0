"""What load balancers ask."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client

from core.jobs import sweeper
from core.pages import health
from core.scope import system_scope


def test_healthz_needs_no_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.fixture
def redis_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_redis", lambda: {"ok": True})


def parts(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["parts"]


@pytest.mark.django_db(transaction=True)
def test_readyz_is_ready_with_a_living_worker(client: Client, redis_answers: None) -> None:
    sweeper.beat()

    status, found = parts(client)

    assert status == 200
    assert set(found) == {"database", "redis", "migrations", "worker"}
    assert found["worker"].pop("heartbeat_age_seconds") < 10
    assert all(part.pop("ok") for part in found.values())


@pytest.mark.django_db(transaction=True)
def test_readyz_is_not_ready_without_a_worker_or_with_an_old_heartbeat(
    client: Client, redis_answers: None
) -> None:
    status, found = parts(client)
    assert (status, found["worker"]) == (503, {"ok": False, "detail": "no worker has started"})

    sweeper.beat()
    with system_scope(), connection.cursor() as cursor:
        cursor.execute("UPDATE core_workerheartbeat SET beat_at = clock_timestamp() - interval '1 minute'")
    status, found = parts(client)
    assert (status, found["worker"]["ok"]) == (503, False)
    assert found["worker"]["heartbeat_age_seconds"] >= 60


@pytest.mark.django_db(transaction=True)
def test_readyz_counts_migrations_that_are_missing(
    client: Client, redis_answers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeper.beat()
    known = health._known_migrations()
    monkeypatch.setattr(health, "_known_migrations", lambda: known | {("core", "9999_future")})

    status, found = parts(client)

    assert (status, found["migrations"]) == (503, {"ok": False, "missing": 1})


@pytest.mark.django_db(transaction=True)
def test_readyz_names_each_part_that_is_away_and_no_host(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def unreachable() -> Any:
        raise OperationalError("connection to server at secret-host failed")

    class Away:
        cursor = staticmethod(unreachable)
        close = staticmethod(lambda: None)

    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}}
    monkeypatch.setattr(health, "_probe_connection", Away)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert {name: part["ok"] for name, part in answer.json()["parts"].items()} == {
        "database": False,
        "migrations": False,
        "worker": False,
        "redis": False,
    }
    assert "secret-host" not in answer.content.decode()


def test_migrations_are_the_ones_that_migrate_would_apply(db: None) -> None:
    call_command("migrate", check_unapplied=True, verbosity=0)

    assert ("core", "0003_jobs") in health._known_migrations()
