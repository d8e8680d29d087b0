"""The keeper of one server: starts it, restarts it when it dies, and ends it when nobody uses it any more.

It runs as a process of its own (`python -m config.embedded.keeper NAME`), started by the first user of the
server. Every user holds a shared lock, which the kernel frees however the user ends; the keeper sees the last
one go. A keeper that was killed is replaced by the next user's, which adopts the running server.
"""

import os
import signal
import sys
import time
from pathlib import Path

import psutil

from config.embedded import places
from config.embedded.errors import EmbeddedError
from config.embedded.locks import FileLock
from config.embedded.server import Server

# Commands often follow one another: the server waits this long for a next user.
LINGER_SECONDS = 3.0
LOOK_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
READY = "ready"


class Keeper:
    """Looks after `server` until nobody uses it, or SIGTERM."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._asked_to_stop = False

    def run(self) -> None:
        """Start the server, tell our starter on standard output how it went, and look after it."""
        signal.signal(signal.SIGTERM, self._note_request)
        # Ctrl-C and a closed terminal are for the users; what they leave is seen by their locks.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        presence = FileLock(self.server.keeper_lock)
        if not presence.try_take():
            raise EmbeddedError(f"Another process looks after {self.server.title} already.")
        presence.write(f"{os.getpid()}\n")
        process = self.server.start()
        print(READY, flush=True)
        _leave_starter(self.server)
        last_user = self._watch(process)
        # In this order: who waits for the users' lock must find nobody in charge.
        presence.release()
        if last_user:
            last_user.release()

    def _note_request(self, *_: object) -> None:
        self._asked_to_stop = True

    def _watch(self, process: psutil.Process) -> FileLock | None:
        """Look after the server; when it has been stopped, returns the users' lock if it was free."""
        users = FileLock(self.server.users_lock)
        unused_since: float | None = None
        while not self._asked_to_stop:
            time.sleep(LOOK_SECONDS)
            if not self.server.is_alive(process) or not self.server.address.exists():
                process = self._restart(process)
            if not users.try_take():
                unused_since = None
                continue
            unused_since = unused_since or time.monotonic()
            if time.monotonic() - unused_since >= LINGER_SECONDS:
                self.server.stop(process)
                return users
            users.release()
        self.server.stop(process)
        return None

    def _restart(self, process: psutil.Process) -> psutil.Process:
        _note(f"{self.server.title} has died; starting it again.")
        pause = 0.5
        while not self._asked_to_stop:
            try:
                self.server.stop(process)
                return self.server.start()
            except EmbeddedError as error:
                _note(str(error))
            until = time.monotonic() + pause
            while time.monotonic() < until and not self._asked_to_stop:
                time.sleep(LOOK_SECONDS)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return process


def _note(text: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), text, file=sys.stderr, flush=True)


def _leave_starter(server: Server) -> None:
    """Let go of the pipe and the folder of the process that started us, and write to a log from here on."""
    os.chdir("/")
    log = os.open(places.log_file(f"{server.name}-keeper"), os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(nothing)


def main(name: str) -> int:
    """Keep the server called `name`. The first line of standard output is "ready" or says what is wrong."""
    from config.embedded.sharing import SERVERS

    if os.fork():
        # Our starter waits for this process only: the keeper must not be its child.
        os._exit(0)
    try:
        Keeper(SERVERS[name]).run()
    except (EmbeddedError, OSError) as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    sys.exit(main(sys.argv[1]))
