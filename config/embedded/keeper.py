"""The keeper of one server: starts it, restarts it when it dies, and ends it when nobody uses it any more.

It is a process of its own, started by the first user of the server. Every user holds a shared lock, which
the kernel frees however the user ends, so the keeper sees the last one go. A keeper that was killed is
replaced by the next user's, which adopts the running server.
"""

import os
import signal
import sys
import time

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


def keep(server: Server) -> int:
    """Run the keeper in a process that its caller does not have to wait for; returns the exit status.

    The first line of standard output is "ready", or what is wrong begins there.
    """
    if os.fork():
        os._exit(0)
    try:
        Keeper(server).run()
    except (EmbeddedError, OSError) as error:
        _report(str(error))
        return 1
    return 0


class Keeper:
    """Looks after one server until nobody uses it, or SIGTERM."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._asked_to_stop = False

    def run(self) -> None:
        """Start the server, report it, look after it, and stop it.

        Raises:
            EmbeddedError: it cannot be started.
        """
        signal.signal(signal.SIGTERM, self._note_request)
        # Ctrl-C and a closed terminal are for the users; that they go is seen by their locks.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        # The users' lock is given back last: who waited for it must find nobody in charge.
        with (
            FileLock(self.server.users_lock) as users,
            FileLock.take(self.server.keeper_lock, seconds=5) as presence,
        ):
            presence.write(str(os.getpid()))
            process = self.server.start()
            _report(READY)
            _leave_starter(self.server)
            self.server.stop(self._watch(process, users))

    def _note_request(self, *_: object) -> None:
        self._asked_to_stop = True

    def _watch(self, process: psutil.Process, users: FileLock) -> psutil.Process:
        """Look after the server until it is to be stopped; where nobody uses it, `users` is then held."""
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
                break
            users.release()
        return process

    def _restart(self, process: psutil.Process) -> psutil.Process:
        _log(f"{self.server.title} has died; starting it again.")
        pause = 0.5
        while not self._asked_to_stop and FileLock.is_held(self.server.users_lock):
            try:
                self.server.stop(process)
                return self.server.start()
            except (EmbeddedError, OSError) as error:
                _log(str(error))
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return process


def _report(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Who started us has gone; others may have come.
        _log(text)


def _log(text: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), text, file=sys.stderr, flush=True)


def _leave_starter(server: Server) -> None:
    """Let go of the streams of the process that started us, and write to a log from here on."""
    log = os.open(places.log_file(f"{server.name}-keeper"), os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.close(nothing)
