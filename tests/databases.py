"""The migrated database that test databases are copied from: made once for each state of the migrations.

Migrating takes seconds, copying a fraction of one. The copies are of whole databases, so nothing is shared but the
beginning; the names of the databases tell from which state they come.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from hashlib import sha256

from django.conf import settings
from psycopg import Connection, errors, sql

from config import embedded
from tests.faults.live_stack import CHECKOUT, connected, database_url

PREFIX = "leadledger_migrated_"
# All that says what a migrated database looks like.
SAID_BY = (
    "*/migrations/*.py",
    "*/models/*.py",
    "core/database/*.py",
    "config/settings.py",
    "requirements.txt",
)


@cache
def migrated_database() -> str:
    """Return the name of a database with all tables and no rows, to be copied; make it where it is missing.

    Nobody stays connected to it: PostgreSQL copies none that is in use.
    """
    embedded.ensure_running()
    name = PREFIX + _state()
    with connected("postgres") as server:
        # Beside other workers: the first one makes it, the others wait.
        server.execute("SELECT pg_advisory_lock(hashtext('leadledger.migrated'))")
        made = [row[0] for row in server.execute("SELECT datname FROM pg_database").fetchall()]
        if name not in made:
            _remove(server, (other for other in made if other.startswith(PREFIX)))
            draft = f"{PREFIX}draft"
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
            _migrate(draft)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name))
            )
    return name


def _state() -> str:
    found = sha256(settings.DATABASE_APPLICATION_ROLE.encode())
    for path in sorted(path for pattern in SAID_BY for path in CHECKOUT.glob(pattern)):
        found.update(f"{path.relative_to(CHECKOUT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _remove(server: Connection, names: Iterable[str]) -> None:
    """Remove what former states left behind, unless it is being copied."""
    for name in names:
        try:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        except errors.ObjectInUse:
            continue


def _migrate(name: str) -> None:
    """Migrate a database in a process of its own: here, tests may not reach a database, or reach another."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--no-input"],
        cwd=CHECKOUT, env={**os.environ, "DATABASE_URL": database_url(name)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
