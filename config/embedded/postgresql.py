"""The PostgreSQL server of this checkout: unix socket only, one login role that is no superuser."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil

from config.embedded import places
from config.embedded.account import program_directory, server_account
from config.embedded.errors import EmbeddedError
from config.embedded.server import Server

PORT = "5432"
ROLE = "leadledger"
DATABASE = "leadledger"

# Small enough to idle beside a browser, large enough for the demo. Given at each start, so they can change.
PARAMETERS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
INITDB_OPTIONS = (
    "--username=postgres",
    # Who can reach the socket is settled by the mode of its folder.
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-instructions",
)
BOOTSTRAP = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


class PostgreSQL(Server):
    """See `Server`. A postmaster is recognised by its data folder, never by a name or a port."""

    name = "postgresql"
    title = "PostgreSQL"
    program_name = "postgres"
    passing_complaints = ("pre-existing shared memory block", "lock file", "Address already in use")

    @property
    def address(self) -> Path:
        return places.socket_directory() / f".s.PGSQL.{PORT}"

    def prepare_data(self) -> None:
        if places.runs_as_root():
            self._disown_former_data()
        programs = program_directory()
        if not self.data.exists():
            self._create_cluster(programs)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        installed = self._run([programs / "postgres", "--version"]).split()[-1].partition(".")[0]
        if made_by != installed:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}, and {installed} is installed: "
                "restore a backup into a new one (`make clean` removes the old), or set DATABASE_URL."
            )

    def _disown_former_data(self) -> None:
        """Set aside what a deleted checkout left at this path: root's data does not go with the checkout."""
        owner = self.home / "mark"
        mark = places.checkout_mark()
        if self.data.exists() and (not owner.exists() or owner.read_text() != mark):
            former = self.home / "postgresql.former"
            shutil.rmtree(former, ignore_errors=True)
            self.data.rename(former)
        owner.write_text(mark)
        owner.chmod(0o600)

    def _create_cluster(self, programs: Path) -> None:
        """Make the cluster with its role and database, under another name until it is whole."""
        draft = self.data.with_name(f"{self.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if account := server_account():
            os.chown(draft, account.pw_uid, account.pw_gid)
        self._run([programs / "initdb", "--pgdata", draft, *INITDB_OPTIONS])
        self._run([programs / "postgres", "--single", "-D", draft, "postgres"], BOOTSTRAP)
        draft.rename(self.data)

    def _run(self, command: list[str | Path], text: str = "") -> str:
        """Run one of PostgreSQL's programs to its end; returns what it printed."""
        done = subprocess.run(
            [str(part) for part in command], input=text, capture_output=True, text=True, **_identity()
        )
        # The single-user server reports an error and ends well nevertheless.
        if done.returncode != 0 or "ERROR:" in done.stderr:
            log = places.log_file(self.name)
            with log.open("a") as file:
                file.write(done.stdout + done.stderr)
            name = Path(command[0]).name
            raise EmbeddedError(f"PostgreSQL's {name} failed; the end of {log}:\n{places.last_lines(log)}")
        return done.stdout

    def find_running(self) -> psutil.Process | None:
        process = _noted_process(self.data / "postmaster.pid")
        return process if process and self._is_postmaster(process) else None

    def _is_postmaster(self, process: psutil.Process) -> bool:
        try:
            # Everybody may read it, and a dead process that waits to be reaped has none.
            return str(self.data) in process.cmdline()
        except psutil.Error:
            return False

    def forget_crash(self) -> None:
        """End the orphans of a killed server, and remove lock files that name another program by now.

        An orphan in the middle of a statement notices nothing until that is done, and PostgreSQL does not
        start before. It sees by itself that a process number is free, but takes any living process of its
        user for a server.
        """
        # How a postmaster in a hurry ends its children: at once, the journal puts things right.
        self.end_orphans(signal.SIGQUIT)
        for note in (self.data / "postmaster.pid", self.address.with_name(f"{self.address.name}.lock")):
            process = _noted_process(note)
            if process and not self._is_postmaster(process):
                note.unlink(missing_ok=True)

    def launch(self, log: int) -> psutil.Popen:
        settings = [part for key, value in PARAMETERS.items() for part in ("-c", f"{key}={value}")]
        return psutil.Popen(
            [program_directory() / "postgres", "-D", self.data, "-k", self.address.parent, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_identity(),
        )

    def is_ready(self, process: psutil.Process) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # Its first line is the server's number, its eighth the state: what pg_ctl looks at.
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def interrupt(self, process: psutil.Process) -> None:
        # SIGINT is PostgreSQL's "fast" shutdown: clients are sent away, data is written.
        process.send_signal(signal.SIGINT)


def _identity() -> dict[str, Any]:
    """Arguments for `subprocess`: whom to run as, where, and nothing of the caller's environment."""
    identity: dict[str, Any] = {
        # The caller's folder may be closed to the server's user.
        "cwd": "/",
        "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        "umask": 0o077,
    }
    if account := server_account():
        identity |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return identity


def _noted_process(note: Path) -> psutil.Process | None:
    """The living process whose number stands in the first line of a lock file."""
    try:
        return psutil.Process(int(note.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
