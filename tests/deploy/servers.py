"""PostgreSQL 15 and Redis of the system, started for tests: `python -m tests.deploy.servers COMMAND …`.

The command finds them in DATABASE_URL and REDIS_URL. They listen on free ports of the loopback, want a password,
keep their data in a temporary folder, and end with this process. The role of DATABASE_URL is made by
`deploy/postgresql/owner.sh`, as for the server of compose.yaml.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import psycopg
import redis

from config.embedded.account import server_account
from config.parent_process import end_with_parent

CHECKOUT = Path(__file__).resolve().parents[2]
POSTGRESQL_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
OWNER = "leadledger"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


def missing_programs() -> list[str]:
    """What must be installed before these tests can run, by the names of Debian's packages."""
    missing = [] if (POSTGRESQL_PROGRAMS / "initdb").exists() else ["postgresql-15"]
    programs = {"redis-server": "redis-server", "nginx": "nginx", "openssl": "openssl"}
    return missing + [package for name, package in programs.items() if not system_program(name)]


def system_program(name: str) -> str | None:
    """The path of a program, also where only administrators look for it."""
    return shutil.which(name, path=SYSTEM_PATH)


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class SystemServers:
    """The two servers, from `with` to its end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="leadledger-servers-", dir="/tmp"))
        # The account PostgreSQL runs as must be able to pass.
        self.folder.chmod(0o755)
        self.database_port = free_port()
        self.redis_port = free_port()
        self._administrator, self._owner, self._redis = (secrets.token_hex(16) for _ in range(3))
        self._processes: list[subprocess.Popen[bytes]] = []
        account = server_account()
        self._identity: dict[str, Any] = (
            {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the servers."""
        return {
            "DATABASE_URL": self.database_url(),
            "REDIS_URL": f"redis://:{self._redis}@127.0.0.1:{self.redis_port}/0",
            # Its own pg_dump and pg_restore: a newer one writes what this server does not understand.
            "PATH": f"{POSTGRESQL_PROGRAMS}:{SYSTEM_PATH}",
        }

    def database_url(self, user: str = OWNER, password: str = "", name: str = OWNER) -> str:
        """The address of a database for one of the roles, the owner's unless said otherwise."""
        login = f"{quote(user)}:{quote(password or self._owner)}"
        return f"postgres://{login}@127.0.0.1:{self.database_port}/{name}"

    def administer(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements as the administrator of the server."""
        with psycopg.connect(self._administrator_url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def _administrator_url(self, database: str) -> str:
        return self.database_url("postgres", self._administrator, database)

    def __enter__(self) -> "SystemServers":
        try:
            self._start_postgresql()
            self._start_redis()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start_postgresql(self) -> None:
        home = self.folder / "postgresql"
        home.mkdir(mode=0o700)
        password = self.folder / "password"
        password.write_text(self._administrator)
        if self._identity:
            for path in (home, password):
                os.chown(path, self._identity["user"], self._identity["group"])
        initdb = [POSTGRESQL_PROGRAMS / "initdb", "--pgdata", home / "data", "--username=postgres"]
        initdb += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run(initdb, **self._identity)
        password.unlink()
        options = {"port": self.database_port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        command: list[str | Path] = [POSTGRESQL_PROGRAMS / "postgres", "-D", home / "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._start("postgresql", command, **self._identity)
        self._wait_until(self._postgresql_answers, "postgresql")
        self._run(
            ["sh", CHECKOUT / "deploy" / "postgresql" / "owner.sh"],
            env={
                "PATH": f"{POSTGRESQL_PROGRAMS}:{SYSTEM_PATH}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.database_port),
                "PGPASSWORD": self._administrator,
                "LEADLEDGER_DATABASE_PASSWORD": self._owner,
            },
        )

    def _start_redis(self) -> None:
        command: list[str | Path] = [system_program("redis-server") or "redis-server", "--save", ""]
        command += ["--bind", "127.0.0.1", "--port", str(self.redis_port), "--requirepass", self._redis]
        self._start("redis", command)
        self._wait_until(self._redis_answers, "redis")

    def _postgresql_answers(self) -> bool:
        try:
            self.administer("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis(port=self.redis_port, password=self._redis) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def _start(self, name: str, command: Sequence[str | Path], **identity: Any) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    command,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGINT),
                    **identity,
                )
            )

    def _run(self, command: Sequence[str | Path], **options: Any) -> None:
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def _wait_until(self, look: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not look():
            if time.monotonic() > deadline or self._processes[-1].poll() is not None:
                raise RuntimeError(f"{name} did not start:\n{(self.folder / f'{name}.log').read_text()}")
            time.sleep(0.05)

    def close(self) -> None:
        """End the servers and remove their data."""
        for process in reversed(self._processes):
            # PostgreSQL's fast shutdown; Redis understands it too.
            process.send_signal(signal.SIGINT)
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command with the servers; returns its exit status, or 1 when they cannot be started."""
    if not command:
        print("Usage: python -m tests.deploy.servers COMMAND …", file=sys.stderr)
        return 2
    if missing := missing_programs():
        print(f"Missing: {' '.join(missing)} (on Debian: apt-get install …).", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _stop)
    with SystemServers() as servers:
        try:
            return subprocess.run(command, env={**environment, **servers.environment}).returncode
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
