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
    arguments, secrets = connection.client.settings_to_cmd_args_env(
        {**connection.settings_dict, "NAME": database}, list(options)
    )
    # The first is the interactive client's name, the last the database, which pg_restore wants by an option.
    command = [find_program(name), *arguments[1:-1], "--dbname", arguments[-1], "--no-password"]
    with subprocess.Popen(
        command,
        stdin=pipes.get("stdin", subprocess.DEVNULL),
        stdout=pipes.get("stdout", subprocess.DEVNULL),
        stderr=subprocess.PIPE,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **(secrets or {})},
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
