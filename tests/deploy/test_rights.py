"""What the owner of the tables must be allowed on a PostgreSQL that somebody else administers."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.servers import CHECKOUT, SystemServers

pytestmark = [pytest.mark.verify, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Place:
    """A database of its own and the role that signs in to it."""

    servers: SystemServers
    owner: str
    password: str
    database: str
    role: str

    @property
    def url(self) -> str:
        return self.servers.database_url(self.owner, self.password, self.database)

    def migrate(self, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.manage("migrate", "--no-input", "--verbosity", "0", **changes)

    def manage(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.servers.environment, "DATABASE_URL": self.url}
        environment |= {"DATABASE_APPLICATION_ROLE": self.role, **changes}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def place(servers: SystemServers) -> Iterator[Place]:
    """An owner with no rights but its database's."""
    mark = secrets.token_hex(4)
    place = Place(servers, f"owner_{mark}", secrets.token_hex(8), f"rights_{mark}", f"application_{mark}")
    servers.administer(
        f"CREATE ROLE {place.owner} LOGIN NOSUPERUSER PASSWORD '{place.password}'",
        f"CREATE DATABASE {place.database} OWNER {place.owner}",
    )
    yield place
    servers.administer(
        f"DROP DATABASE IF EXISTS {place.database} WITH (FORCE)",
        f"DROP ROLE IF EXISTS {place.role}",
        f"DROP ROLE {place.owner}",
    )


def works(place: Place) -> None:
    """The schema is made, and the application's role writes behind the walls."""
    for words in (
        ("migrate", "--no-input", "--verbosity", "0"),
        ("create_organization", "acme", "--name", "Acme"),
        (
            "create_user",
            "a@acme.example",
            "--organization",
            "acme",
            "--role",
            "admin",
            "--password",
            "quiet river 9",
        ),
    ):
        done = place.manage(*words)
        assert done.returncode == 0, done.stderr


def test_an_owner_that_may_make_roles_needs_no_more_but_to_restore(place: Place, tmp_path: Path) -> None:
    place.servers.administer(f"ALTER ROLE {place.owner} CREATEROLE")
    works(place)
    backup, media = str(tmp_path / "one.zip"), {"MEDIA_ROOT": str(tmp_path / "media")}

    made = place.manage("backup", backup, **media)
    refused = place.manage("restore", backup, "--replace", **media)
    place.servers.administer(f"ALTER ROLE {place.owner} CREATEDB")
    restored = place.manage("restore", backup, "--replace", **media)

    assert made.returncode == 0, made.stderr
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(f"{place.owner} may not create databases")
    assert restored.returncode == 0, restored.stderr
    assert place.manage("check_integrity", "--organization", "acme").returncode == 0


def test_a_role_that_may_create_in_the_schema_owns_no_database_and_makes_no_role(place: Place) -> None:
    place.servers.administer(
        f"ALTER DATABASE {place.database} OWNER TO postgres",
        f"CREATE ROLE {place.role} NOLOGIN",
        f"GRANT {place.role} TO {place.owner}",
    )
    place.servers.administer(f"GRANT CREATE ON SCHEMA public TO {place.owner}", database=place.database)

    works(place)


def test_an_owner_that_can_neither_is_told_what_an_administrator_may_execute(place: Place) -> None:
    done = place.migrate()

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"CREATE ROLE {place.role} NOLOGIN; GRANT {place.role} TO {place.owner};" in done.stderr


def test_the_same_when_the_role_is_there_and_was_not_granted(place: Place) -> None:
    place.servers.administer(f"CREATE ROLE {place.role} NOLOGIN")

    done = place.migrate()

    assert done.returncode == 1
    assert f"GRANT {place.role} TO {place.owner};" in done.stderr


@pytest.mark.parametrize("right", ["SUPERUSER", "BYPASSRLS"])
def test_a_role_above_the_walls_is_refused_in_production_and_warned_of_elsewhere(
    place: Place, right: str
) -> None:
    place.servers.administer(f"ALTER ROLE {place.owner} {right} CREATEROLE")

    refused = place.migrate(PRODUCTION="true")
    warned = place.manage("check", "--database", "default")

    assert refused.returncode == 1
    assert "leadledger.E010" in refused.stderr
    assert warned.returncode == 0
    assert "leadledger.E010" in warned.stderr
