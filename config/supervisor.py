"""`make demo` and `make run`: web, worker, beat and the embedded servers as one group, until Ctrl-C.

Needs neither Django nor the settings. What a child prints goes to `var/log/<name>.log`; a child that ends is
started again. The servers are looked after by their keepers (`config.embedded`), which see us go by our lock.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO

from config import embedded
from config.embedded import places
from config.embedded.locks import FileLock
from config.parent_process import end_with_parent

HOST = "127.0.0.1"
FIRST_PORT = 8000
PORTS_TRIED = 200
LOOK_SECONDS = 0.2
START_SECONDS = 120.0
# A child that fails does so about as early as the web server answers: watched this long, it has started.
# One that has failed before is watched for longer than it takes to fail.
CALM_SECONDS = 2.0
CALM_SECONDS_AFTER_FAILURE = 15.0
# How long children may take to finish what they do; a task that needs longer is resumed at the next start.
STOP_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that ran this long has proved itself: its next restart waits the shortest pause again.
PROVED_SECONDS = 60.0
# While nothing was ever shown to work, a child that keeps ending will not come right by itself.
FAILURES_AT_START = 3


class SupervisorError(Exception):
    """The group cannot be run; the text says why."""


@dataclass(frozen=True)
class Account:
    """A way to sign in to the demo."""

    email: str
    password: str
    role: str


class Child:
    """A process of the group: started in a process group of its own, and again when it ends."""

    def __init__(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self.name = name
        self.failures = 0
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_after = 0.0

    def look_after(self) -> None:
        """Start the process if it does not run and its pause is over; say so when it has ended."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_after:
                self._start()
            return
        status = self._process.poll()
        if status is None:
            return
        # What the dead process has started must not work on beside its successor.
        self._signal_group(signal.SIGKILL)
        self._process = None
        self.failures = 1 if now - self._started_at > PROVED_SECONDS else self.failures + 1
        pause = min(2.0 ** (self.failures - 1), LONGEST_PAUSE_SECONDS)
        self._start_after = now + pause
        say(f"{self.name} has ended (status {status}), starting it again in {pause:.0f} s.")

    def _start(self) -> None:
        with places.log_file(self.name).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=places.CHECKOUT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches us alone: we end the children in order.
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid()),
            )
        self._group = self._process.pid
        self._started_at = time.monotonic()

    def is_running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def ask_to_end(self) -> None:
        """Tell the process to finish and end."""
        if self.is_running() and self._process:
            self._process.terminate()

    def kill(self) -> None:
        """End the process and all it has started."""
        if self._process:
            self._signal_group(signal.SIGKILL)
            self._process.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._group, number)
        except ProcessLookupError:
            return


class Supervisor:
    """Runs the group; `with_demo` fills the demo organisation first."""

    def __init__(self, *, with_demo: bool) -> None:
        self.with_demo = with_demo
        self.children: list[Child] = []
        self._requests = 0

    def run(self) -> None:
        """Prepare, run until asked to stop, and stop everything.

        Raises:
            SupervisorError, EmbeddedError: the group cannot be run; what was started has been stopped.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_request)
        presence = FileLock(places.make_state_directory(places.STATE) / "supervisor.lock")
        if not presence.try_take():
            where = presence.path.read_text() or "and is still starting"
            raise SupervisorError(f"LeadLedger is running from this folder already: {where}")
        with presence:
            places.give_to_owner_of_checkout(presence.path)
            presence.write("")
            try:
                self._run_group(presence)
            except KeyboardInterrupt:
                pass
            finally:
                self._stop()

    def _note_request(self, *_: object) -> None:
        self._requests += 1

    def _run_group(self, presence: FileLock) -> None:
        say("Starting the servers …")
        embedded.ensure_running()
        accounts = self._prepare()
        port = free_port()
        address = f"http://{HOST}:{port}"
        presence.write(address)
        self.children = make_children(port, address)
        self._wait_until_ready(port)
        say(banner(address, accounts))
        while not self._requests:
            self._look_after_children()

    def _prepare(self) -> list[Account]:
        """Bring the database to the present schema and fill the demo; returns its accounts."""
        # Pages as production serves them: compressed files that browsers keep.
        os.environ.setdefault("STATIC_ROOT", str(places.CHECKOUT / "var" / "static"))
        say("Preparing the database and the pages …")
        self._run_step("migrate", "--no-input", "--verbosity", "0")
        self._run_step("collectstatic", "--no-input", "--verbosity", "0")
        if not self.with_demo:
            return []
        printed = self._run_step("demo", "--prepare")
        try:
            return [Account(**account) for account in json.loads(printed)["accounts"]]
        except (ValueError, KeyError, TypeError) as error:
            raise SupervisorError(f"`manage.py demo --prepare` printed no accounts ({error}).") from error

    def _run_step(self, *arguments: str) -> str:
        """Run a management command; what it says on standard error is shown. Returns what it printed."""
        with tempfile.TemporaryFile("w+") as printed:
            step = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=places.CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                preexec_fn=partial(end_with_parent, os.getpid()),
            )
            self._wait_for_step(step)
            if step.returncode != 0:
                raise SupervisorError(f"`manage.py {' '.join(arguments)}` failed, see above.")
            printed.seek(0)
            return printed.read()

    def _wait_for_step(self, step: subprocess.Popen[bytes]) -> None:
        while step.poll() is None:
            if self._requests:
                step.terminate()
                step.wait()
            time.sleep(LOOK_SECONDS / 4)
        if self._requests:
            raise KeyboardInterrupt

    def _look_after_children(self) -> None:
        for child in self.children:
            child.look_after()
        time.sleep(LOOK_SECONDS)

    def _wait_until_ready(self, port: int) -> None:
        """Wait until the application, its worker included, is ready and every child has kept running."""
        say("Starting the web server, the worker and the scheduler …")
        began = calm_since = time.monotonic()
        while time.monotonic() - calm_since < self._seconds_of_calm():
            if self._requests:
                raise KeyboardInterrupt
            self._look_after_children()
            for child in self.children:
                if child.failures >= FAILURES_AT_START:
                    raise SupervisorError(f"{child.name} does not start; {log_end(child.name)}")
            if not (all(child.is_running() for child in self.children) and is_ready(port)):
                calm_since = time.monotonic()
            if time.monotonic() - began > START_SECONDS:
                raise SupervisorError(f"Not ready after {START_SECONDS:.0f} s; {log_end('web')}")

    def _seconds_of_calm(self) -> float:
        """How long all must have gone well before the group counts as started."""
        return CALM_SECONDS_AFTER_FAILURE if any(child.failures for child in self.children) else CALM_SECONDS

    def _stop(self) -> None:
        """End the children, then the servers unless another process uses them. Being asked again hurries."""
        asked_before = self._requests
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.is_running() for child in self.children) and time.monotonic() < deadline:
            if self._requests > max(asked_before, 1):
                break
            time.sleep(LOOK_SECONDS / 4)
        for child in self.children:
            child.kill()
        if embedded.stop_unused():
            say("Stopped.")
        else:
            say("Stopped; other processes of this folder still use the servers.")


def make_children(port: int, address: str) -> list[Child]:
    """The processes of the group, the web server on `port`, not yet started."""
    environment = {"SITE_URL": address, **os.environ, "PYTHONUNBUFFERED": "1"}
    web = ["-m", "uvicorn", "config.asgi:application", "--host", HOST, "--port", str(port)]
    web += ["--lifespan", "off", "--timeout-graceful-shutdown", "5", "--no-server-header"]
    celery = ["-m", "celery", "--app", "config"]
    worker = [
        *celery,
        "worker",
        "--concurrency",
        "2",
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile", ""]
    return [
        Child(name, part, environment) for name, part in (("web", web), ("worker", worker), ("beat", beat))
    ]


def free_port() -> int:
    """The first free port from 8000 (or PORT of the environment) on.

    Raises:
        SupervisorError: PORT is no port, or none of 200 is free.
    """
    wanted = os.environ.get("PORT") or str(FIRST_PORT)
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise SupervisorError(f"PORT is {wanted!r}: give a number from 1 to 65535.")
    first = int(wanted)
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As the web server will do it: connections of a former run that are still closing do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen()
            except OSError:
                continue
            return port
    raise SupervisorError(f"No port is free from {first} on: set PORT to another number.")


def is_ready(port: int) -> bool:
    """Whether the application says that it, its servers and its worker are ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def banner(address: str, accounts: Sequence[Account]) -> str:
    """What is shown last: where it runs and how to get in."""
    lines = ["", f"LeadLedger is running at {address}"]
    if accounts:
        columns = [("Role", "E-mail", "Password"), *((a.role, a.email, a.password) for a in accounts)]
        widths = [max(len(row[number]) for row in columns) for number in range(3)]
        lines += ["", "Sign in with:"]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in columns
        ]
    return "\n".join([*lines, "", "Logs are in var/log. Stop with Ctrl-C."])


def log_end(name: str) -> str:
    """The end of a child's log, with its path."""
    path = places.log_file(name)
    return f"the end of {path}:\n{places.last_lines(path)}"


def say(text: str, stream: IO[str] | None = None) -> None:
    """Show a line, unless the terminal has gone."""
    try:
        print(text, file=stream or sys.stdout, flush=True)
    except OSError:
        return


def main(arguments: Sequence[str]) -> int:
    """Run the group; returns the exit status: 0 when asked to stop, 1 with a reason when it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m config.supervisor", description=__doc__)
    parser.add_argument("group", choices=("demo", "run"), help="with demo data, or without")
    parser.add_argument("--end-with-parent", action="store_true", help="stop when the starting process dies")
    options = parser.parse_args(arguments)
    if options.end_with_parent:
        end_with_parent(os.getppid(), signal.SIGTERM)
    try:
        Supervisor(with_demo=options.group == "demo").run()
    except (SupervisorError, embedded.EmbeddedError) as error:
        say(str(error), sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
