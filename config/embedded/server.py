"""What PostgreSQL and Redis have in common here: one server of one kind, for one checkout."""

import os
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path

import psutil

from config.embedded import places
from config.embedded.account import server_account
from config.embedded.errors import EmbeddedError

# How long a start is tried again while the predecessor's last processes are still dying.
RETRY_SECONDS = 30.0
# After a crash PostgreSQL replays its journal before it answers.
START_SECONDS = 180.0
STOP_SECONDS = 30.0


class Server(ABC):
    """One server. Subclasses say how it is prepared, recognised, run and asked."""

    name: str
    title: str
    program_name: str
    # What the server says when its predecessor is not quite gone: worth trying again.
    passing_complaints: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The folder of data and locks."""
        return places.home()

    @property
    def data(self) -> Path:
        """The folder the server works in."""
        return self.home / self.name

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
        """The unix socket that the server answers on."""

    @abstractmethod
    def prepare_data(self) -> None:
        """Make what the server needs to start, and check what is there. For the keeper alone."""

    @abstractmethod
    def find_running(self) -> psutil.Process | None:
        """The server's process if this very server is running, never one of anybody else."""

    @abstractmethod
    def forget_crash(self) -> None:
        """Remove what a killed server left behind that would keep the next one from starting."""

    @abstractmethod
    def launch(self, log: int) -> psutil.Popen:
        """Run the server, its output going to the file descriptor `log`."""

    @abstractmethod
    def is_ready(self, process: psutil.Process) -> bool:
        """Whether `process` accepts work."""

    @abstractmethod
    def interrupt(self, process: psutil.Process) -> None:
        """Ask the server to end soon, finishing only what keeps its data whole."""

    def prepare_places(self) -> None:
        """Make the folders that locks and sockets need.

        Raises:
            EmbeddedError: they cannot be made, or somebody else has put something there.
        """
        account = server_account()
        if account is None:
            places.make_state_directory(self.home)
        else:
            self.home.mkdir(parents=True, exist_ok=True)
            # Made under a tight mask, the server's user could not pass.
            self.home.chmod(0o755)
        places.make_private_directory(self.address.parent, account.pw_uid if account else os.geteuid())

    def end_orphans(self, by: signal.Signals) -> None:
        """Send a signal to what a killed server has left at work, or a keeper that was killed in a start.

        Such a process is known by the folder it works in. To be called when no server is running.
        """
        for process in psutil.process_iter():
            try:
                if process.name() == self.program_name and Path(process.cwd()) == self.data:
                    process.send_signal(by)
            except psutil.Error:
                # Ended meanwhile, or not ours to look at.
                continue

    def start(self) -> psutil.Process:
        """Start the server, or adopt one that an earlier keeper left running; returns once it is ready.

        Raises:
            EmbeddedError: it did not start; the text ends with the last lines of its log.
        """
        self.prepare_places()
        self.prepare_data()
        log_path = places.log_file(self.name)
        retry_until = time.monotonic() + RETRY_SECONDS
        while True:
            log_start = log_path.stat().st_size
            process = self.find_running() or self._launch_anew(log_path)
            if self._wait_until_ready(process):
                return process
            said = places.last_lines(log_path, log_start)
            passing = any(complaint in said for complaint in self.passing_complaints)
            if not passing or time.monotonic() > retry_until:
                raise EmbeddedError(f"{self.title} did not start; the end of {log_path}:\n{said}")
            time.sleep(0.5)

    def _launch_anew(self, log_path: Path) -> psutil.Popen:
        self.forget_crash()
        with log_path.open("ab") as log:
            return self.launch(log.fileno())

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
        """Whether the process runs; one that has ended and waits to be reaped does not."""
        if isinstance(process, psutil.Popen):
            return process.poll() is None
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def stop(self, process: psutil.Process) -> None:
        """End the server: by its own rules, and by force where that takes longer than 30 s."""
        for end in (self.interrupt, psutil.Process.kill):
            if not self.is_alive(process):
                return
            try:
                end(process)
            except psutil.NoSuchProcess:
                return
            deadline = time.monotonic() + STOP_SECONDS
            while self.is_alive(process) and time.monotonic() < deadline:
                time.sleep(0.02)
