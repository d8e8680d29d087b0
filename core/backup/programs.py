"""PostgreSQL's own programs, run against this database."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from core.errors import ApplicationError

LAST_LINES = 4


def find_program(name: str) -> str:
    """Return the path of a program such as pg_dump: in the folder of the settings, else on PATH.

    Raises:
        ApplicationError: it is not installed.
    """
    folder = settings.DATABASE_PROGRAMS and import_string(settings.DATABASE_PROGRAMS)()
    found = shutil.which(name, path=folder or None)
    if found is None:
        raise ApplicationError(
            "no_program", f"{name} is not installed. Install PostgreSQL's client programs."
        )
    return found


@contextmanager
def running(name: str, *options: str, database: str, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program against `database` of our server; what is not piped by `pipes` is closed.

    Raises:
        ApplicationError: it ended with an error; the message ends with its last lines.
    """
    address, password = _address(database)
    command = [find_program(name), *options, "--no-password", "--dbname", address]
    with subprocess.Popen(
        command,
        stdin=pipes.get("stdin", subprocess.DEVNULL),
        stdout=pipes.get("stdout", subprocess.DEVNULL),
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **password},
    ) as program:
        try:
            yield program
        except BrokenPipeError:
            pass  # it ended early: what it said is told below
        except BaseException:
            program.kill()
            raise
        complaint = _finish(program)
    if program.returncode != 0:
        raise ApplicationError("program_failed", f"{name} failed: {complaint or 'it said nothing.'}")


def _address(database: str) -> tuple[str, dict[str, str]]:
    """Return how libpq reaches a database of our server, and the password as its environment wants it.

    All that Django's settings say for the connection counts; what only its driver understands is left out.
    """
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    said = {
        name: value for name, value in connection.get_connection_params().items() if name in known and value
    }
    # A command line can be read by every user of the machine.
    password = str(said.pop("password", ""))
    address = make_conninfo(**{**said, "dbname": database})
    return address, {"PGPASSWORD": password} if password else {}


def _finish(program: subprocess.Popen[bytes]) -> str:
    if program.stdin is not None:
        with suppress(BrokenPipeError):
            program.stdin.close()
    assert program.stderr is not None
    said = program.stderr.read().decode(errors="replace").splitlines()
    program.wait()
    return " ".join(line.strip() for line in said[-LAST_LINES:])


def pour(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy a stream to its end."""
    shutil.copyfileobj(source, target, 1024 * 1024)
