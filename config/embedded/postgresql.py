"""The PostgreSQL server of this checkout: unix socket only, one login role that is no superuser."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psutil

from config.embedded import places
from config.embedded.account import program_directory, server_account
from config.embedded.errors import EmbeddedError
from config.embedded.server import Server

PORT = "5432"
ROLE = "leadledger"
DATABASE = "leadledger"

# Small enough to idle beside a browser, large enough for the demo; given at each start, so they can change.
PARAMETERS = {
    "listen_addresses": "",
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
BOOTSTRAP = (
    f"CREATE ROLE {ROLE} LOGIN CREATEDB CREATEROLE NOSUPERUSER NOBYPASSRLS",
    f"CREATE DATABASE {DATABASE} OWNER {ROLE}",
)


class PostgreSQL(Server):
    """See `Server`. A postmaster is recognised by its data folder, never by a name or a port."""

    name = "postgresql"
    title = "PostgreSQL"
    passing_complaints = ("pre-existing shared memory block", "lock file", "is being used by another process")

    @property
    def data(self) -> Path:
        return self.home / "postgresql"

    @property
    def address(self) -> Path:
        return places.socket_directory() / f".s.PGSQL.{PORT}"

    def prepare_data(self) -> None:
        programs = program_directory()
        if not self.data.exists():
            self._create_cluster(programs)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        installed = self._major_version(programs)
        if made_by != installed:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}, and {installed} is installed: "
                "restore a backup into a new one (`make clean` removes it), or set DATABASE_URL."
            )

    def _major_version(self, programs: Path) -> str:
        said = self._run([programs / "postgres", "--version"]).stdout
        return said.split()[-1].partition(".")[0]

    def _create_cluster(self, programs: Path) -> None:
        """Make the cluster with its role and database, under a name of its own until it is whole."""
        draft = self.data.with_name("postgresql.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if account := server_account():
            os.chown(draft, account.pw_uid, account.pw_gid)
        self._run(
            [programs / "initdb", "--pgdata", draft, "--username=postgres", "--auth=trust"]
            + ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        )
        self._run(
            [programs / "postgres", "--single", "-D", draft, "postgres"], "".join(f"{line};\n" for line in BOOTSTRAP)
        )
        draft.rename(self.data)

    def _run(self, command: list[str | Path], text: str = "") -> subprocess.CompletedProcess[str]:
        log = places.log_file(self.name)
        done = subprocess.run(
            [str(part) for part in command],
            input=text,
            capture_output=True,
            text=True,
            **self._identity(server_account()),
        )
        if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            with log.open("a") as file:
                file.write(done.stdout + done.stderr)
            raise EmbeddedError(
                f"{Path(command[0]).name} failed; the end of {log}:\n{places.last_lines(log)}"
            )
        return done

    def _identity(self, account: pwd.struct_passwd | None) -> dict[str, object]:
        """Arguments for `subprocess`: whom to run as, where, and with no setting of the caller's environment."""
        identity: dict[str, object] = {
            # The caller's folder may be closed to the server's user.
            "cwd": "/",
            "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        }
        if account:
            identity |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return identity

    def find_running(self) -> psutil.Process | None:
        process = self._noted_process(self.data / "postmaster.pid")
        return process if process and self._is_postmaster(process) else None

    def _noted_process(self, note: Path) -> psutil.Process | None:
        try:
            return psutil.Process(int(note.read_text().split("\n", 1)[0]))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None

    def _is_postmaster(self, process: psutil.Process) -> bool:
        try:
            command = process.cmdline()
        except psutil.Error:
            return False
        # A dead process that nobody reaped has an empty command line.
        return str(self.data) in command

    def forget_crash(self) -> None:
        """Remove lock files whose process number now belongs to another program.

        PostgreSQL sees by itself that a number is free, but takes any living process of this user for a server.
        That no orphan of the old server still works on the data is checked by PostgreSQL, by its shared memory.
        """
        for note in (self.data / "postmaster.pid", self.address.with_name(f"{self.address.name}.lock")):
            process = self._noted_process(note)
            if process and not self._is_postmaster(process):
                note.unlink(missing_ok=True)

    def launch(self, log: int) -> psutil.Popen:
        command = [str(program_directory() / "postgres"), "-D", str(self.data), "-k", str(self.address.parent)]
        for key, value in (PARAMETERS | {"port": PORT}).items():
            command += ["-c", f"{key}={value}"]
        return psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # The interrupt of a terminal is for the processes that use the server, not for the server.
            start_new_session=True,
            **self._identity(server_account()),
        )

    def is_ready(self, process: psutil.Process) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def interrupt(self, process: psutil.Process) -> None:
        # SIGINT is PostgreSQL's "fast" shutdown: clients are sent away, data is written.
        process.send_signal(signal.SIGINT)
