"""What PostgreSQL and Redis have in common here: one server of one kind, for one checkout."""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

import psutil

from config.embedded import places
from config.embedded.account import server_account
from config.embedded.errors import EmbeddedError

RETRY_SECONDS = 30.0
START_SECONDS = 180.0
STOP_SECONDS = 30.0


class Server(ABC):
    """One server. Subclasses say how it is prepared, recognised, run and asked."""

    name: str
    title: str
    # What the server says about itself when its predecessor is not quite gone: worth trying again.
    passing_complaints: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        return places.home()

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.home / f"{self.name}.users"

    @property
    def keeper_lock(self) -> Path:
        """Held by the process that keeps the server running; contains its number."""
        return self.home / f"{self.name}.keeper"

    @property
    def start_lock(self) -> Path:
        """Held by the one process that is starting or stopping the server."""
        return self.home / f"{self.name}.start"

    @property
    @abstractmethod
    def address(self) -> Path:
        """The socket that the server answers on."""

    def prepare_places(self) -> None:
        """Make the folders that locks and sockets need."""
        account = server_account()
        if account is None:
            places.make_state_directory(self.home)
        else:
            self.home.mkdir(exist_ok=True)
            # Made under a tight mask, the server's user could not pass.
            self.home.chmod(0o755)
        places.make_private_directory(self.address.parent, account.pw_uid if account else os.geteuid())

    @abstractmethod
    def prepare_data(self) -> None:
        """Make what the server needs to start; called by the keeper alone."""

    @abstractmethod
    def find_running(self) -> psutil.Process | None:
        """The server's process, if this very server is running (never one of anybody else)."""

    @abstractmethod
    def forget_crash(self) -> None:
        """Remove what a killed server left behind and what would keep the next one from starting."""

    @abstractmethod
    def launch(self, log: int) -> psutil.Popen:
        """Run the server, its output going to the file descriptor `log`."""

    @abstractmethod
    def is_ready(self, process: psutil.Process) -> bool:
        """Whether `process` accepts work."""

    @abstractmethod
    def interrupt(self, process: psutil.Process) -> None:
        """Ask the server to end soon, finishing nothing but what keeps its data whole."""

    def start(self) -> psutil.Process:
        """Start the server, or adopt one that a keeper before us left running; returns once it is ready.

        Raises:
            EmbeddedError: it did not start; the text ends with the last lines of its log.
        """
        self.prepare_data()
        log_path = places.log_file(self.name)
        retry_until = time.monotonic() + RETRY_SECONDS
        while True:
            process = self.find_running()
            start = log_path.stat().st_size
            if process is None:
                self.forget_crash()
                with log_path.open("ab") as log:
                    process = self.launch(log.fileno())
            if self._wait_until_ready(process):
                return process
            said = places.last_lines(log_path, start)
            passing = any(complaint in said for complaint in self.passing_complaints)
            if not passing or time.monotonic() > retry_until:
                raise EmbeddedError(f"{self.title} did not start; the end of {log_path}:\n{said}")
            time.sleep(0.5)

    def _wait_until_ready(self, process: psutil.Process) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.is_ready(process):
                return True
            if not self.is_alive(process):
                return False
            time.sleep(0.02)
        self.stop(process)
        return False

    def is_alive(self, process: psutil.Process) -> bool:
        """Whether the process runs (one that ended and waits to be reaped does not)."""
        if isinstance(process, psutil.Popen):
            return process.poll() is None
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def stop(self, process: psutil.Process) -> None:
        """End the server: by its own rules, and by force when that takes longer than 30 s."""
        try:
            self.interrupt(process)
            process.wait(STOP_SECONDS)
        except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
            process.kill()
            process.wait(STOP_SECONDS)
        except psutil.NoSuchProcess:
            return
