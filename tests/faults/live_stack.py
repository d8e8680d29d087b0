"""A whole LeadLedger of its own for one test: database, Redis and real workers that may be killed.

Nothing of it is shared with the tests' own database, so every process sees what the others commit. Only what
was started here is ever signalled.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import psycopg
import redis
from django.conf import settings
from psycopg import sql

from config.embedded.redis_server import Redis
from config.parent_process import end_with_parent

CHECKOUT = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")


class Process:
    """A process started for one test, in a group of its own, its output in a file."""

    def __init__(
        self, arguments: Sequence[str], environment: dict[str, str], log: Path, folder: Path = CHECKOUT
    ) -> None:
        self.log_path = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid()),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the process and all it has forked."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """kill -9, to the whole group."""
        self.signal_group(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        """Freeze the whole group."""
        self.signal_group(signal.SIGSTOP)

    def go_on(self) -> None:
        """Thaw the whole group."""
        self.signal_group(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """Send the main process SIGTERM, as a supervisor does."""
        self._process.terminate()

    def wait(self, seconds: float) -> int:
        """Wait for the main process to end by itself; return its exit status."""
        return self._process.wait(seconds)

    def terminate(self, seconds: float = 20) -> int:
        """Ask the main process to end; return its exit status."""
        self.ask_to_end()
        return self.wait(seconds)

    def log_text(self) -> str:
        """What the process has printed so far."""
        return self.log_path.read_text(errors="replace")


class LiveStack:
    """The stack: `environment` for any further process, workers, Redis, and looks into the database."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.folder = Path(tempfile.mkdtemp(prefix="leadledger-faults-", dir="/tmp"))
        self._socket = self.folder / "redis.sock"
        self._processes: list[Process] = []
        self._redis: Process | None = None
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(database),
            "REDIS_URL": f"unix://{self._socket}?db=1",
            "BROKER_URL": f"redis+socket://{self._socket}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "PYTHONUNBUFFERED": "1",
        }

    def start_redis(self) -> None:
        """Start Redis, empty, and wait until it answers."""
        command = [Redis().program(), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._redis = self._start("redis", [*command, "--dir", str(self.folder)])
        client = redis.Redis(unix_socket_path=str(self._socket))

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        self.wait_for(answers, 15, "Redis answers")
        client.close()

    def kill_redis(self) -> None:
        """kill -9 Redis; all that it held is lost."""
        assert self._redis is not None
        self._redis.kill()
        self._socket.unlink(missing_ok=True)

    def start_worker(self, *include: str, concurrency: int = 1) -> Process:
        """Start a worker as `make run` does, with the modules `include` loaded, and return it at once."""
        command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--loglevel", "INFO"]
        command += ["--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
        command += ["--hostname", f"{secrets.token_hex(4)}@%h"]
        for module in include:
            command += ["--include", module]
        return self._start("worker", command)

    def wait_for_workers(self, count: int, seconds: float = 30) -> None:
        """Wait until that many workers are ready, which their heartbeats tell."""
        beats = "SELECT count(*) FROM core_workerheartbeat WHERE beat_at > clock_timestamp() - interval '5 s'"
        self.wait_for(lambda: self.query(beats)[0][0] >= count, seconds, f"{count} workers are ready")

    def start(self, name: str, *arguments: str) -> Process:
        """Start any further Python process in the stack, such as ("web", "-m", "uvicorn", …)."""
        return self._start(name, [sys.executable, *arguments])

    def _start(self, name: str, command: Sequence[str]) -> Process:
        log = self.folder / f"{name}-{len(self._processes)}.log"
        process = Process(command, self.environment, log)
        self._processes.append(process)
        return process

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run a management command to its end, check its exit status, and return its standard output."""
        return self._run([sys.executable, "manage.py", *arguments], status)

    def python(self, code: str) -> Any:
        """Run code in a new process with Django set up, and return what it assigned to `result` (JSON)."""
        program = f"import django, json\ndjango.setup()\n{code}\nprint(json.dumps(result))"
        return json.loads(self._run([sys.executable, "-c", program], 0).splitlines()[-1])

    def _run(self, command: Sequence[str], status: int) -> str:
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute a statement as the owner of the tables, on a connection of its own, and return its rows."""
        with connected(self.database) as connection:
            found = connection.execute(statement, values)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def wait_for(self, look: Callable[[], Found], seconds: float, what: str) -> Found:
        """Look until there is something to see, and return it; fail with the logs after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"Not within {seconds:.0f} s: {what}\n{self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        """The last lines of every process's output."""
        parts = []
        for process in self._processes:
            lines = process.log_text().splitlines()[-25:]
            parts.append("\n".join([f"--- {process.log_path.name}", *lines]))
        return "\n".join(parts)

    def close(self) -> None:
        """End every process and remove the files; the database is dropped by who made it."""
        for process in reversed(self._processes):
            process.kill()
        shutil.rmtree(self.folder)


def database_url(name: str) -> str:
    """The address of a database on the tests' own server, as DATABASE_URL says it."""
    server = settings.DATABASES["default"]
    login = quote(server["USER"]) + (f":{quote(server['PASSWORD'])}" if server["PASSWORD"] else "")
    place = {"host": server["HOST"], "port": server["PORT"], **_server_options()}
    return f"postgres://{login}@/{name}?{urlencode({key: value for key, value in place.items() if value})}"


def _server_options() -> dict[str, str]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    return {key: options[key] for key in ("host", "port", "sslmode") if key in options}


@contextmanager
def connected(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as the owner of the tables that commits each statement."""
    server = settings.DATABASES["default"]
    place = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"]}
    place |= {"password": server["PASSWORD"], **_server_options()}
    with psycopg.connect(
        dbname=database, autocommit=True, **{key: value for key, value in place.items() if value}
    ) as connection:
        yield connection


def create_database(template: str | None = None) -> str:
    """Create a database, as a copy of `template` when one is given, and return its name."""
    name = f"leadledger_faults_{os.getpid()}_{secrets.token_hex(4)}"
    with connected("postgres") as connection:
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        connection.execute(statement)
    return name


def drop_database(name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    with connected("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
