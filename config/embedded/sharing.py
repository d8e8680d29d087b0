"""Joining and leaving the embedded servers.

Locks, per server: `start` serialises starting and stopping; `users` is held shared by every user; `keeper` is held
by the keeper. A keeper that stops its server holds `users` alone meanwhile, so that a new user waits for the end.
"""

import os
import signal
import subprocess
import sys
import time

from config.embedded import places
from config.embedded.errors import EmbeddedError
from config.embedded.keeper import READY
from config.embedded.locks import FileLock
from config.embedded.postgresql import PostgreSQL
from config.embedded.redis_server import Redis
from config.embedded.server import RETRY_SECONDS, START_SECONDS, STOP_SECONDS, Server

SERVERS: dict[str, Server] = {server.name: server for server in (PostgreSQL(), Redis())}
# Longer than whoever holds the lock may take.
PATIENCE_SECONDS = START_SECONDS + RETRY_SECONDS + 2 * STOP_SECONDS

_joined: dict[str, FileLock] = {}


def join(server: Server) -> None:
    """Use the server until this process ends or leaves; starts it when nobody does. Joining twice is joining once.

    Raises:
        EmbeddedError: it cannot be started.
    """
    if server.name in _joined:
        return
    server.prepare_places()
    with FileLock.take(server.start_lock, seconds=PATIENCE_SECONDS):
        place = FileLock.take(server.users_lock, shared=True, seconds=PATIENCE_SECONDS)
        try:
            if not FileLock.is_held(server.keeper_lock):
                _start_keeper(server)
            _wait_until_it_answers(server)
        except BaseException:
            place.release()
            raise
        _joined[server.name] = place


def _start_keeper(server: Server) -> None:
    places.log_file(f"{server.name}-keeper")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "config.embedded.keeper", server.name],
        cwd=places.CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        first = keeper.stdout.readline()
        said = first if first.strip() == READY else first + keeper.stdout.read()
    keeper.wait()
    if said.strip() != READY:
        raise EmbeddedError(said.strip() or f"The keeper of {server.title} died.")


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + RETRY_SECONDS + STOP_SECONDS
    while True:
        process = server.find_running()
        if process and server.is_ready(process):
            return
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{server.title} does not answer; see {places.LOGS}.")
        time.sleep(0.1)


def leave(server: Server) -> bool:
    """Stop using the server, and stop it, unless others use it. Returns whether it is stopped now.

    Without this call a process leaves by ending.
    """
    if place := _joined.pop(server.name, None):
        place.release()
    if not server.home.is_dir():
        return True
    with FileLock.take(server.start_lock, seconds=PATIENCE_SECONDS):
        users = FileLock(server.users_lock)
        if not users.try_take():
            return False
        with users:
            _stop_keeper(server)
            if left := server.find_running():
                server.stop(left)
        return True


def _stop_keeper(server: Server) -> None:
    if not FileLock.is_held(server.keeper_lock):
        return
    try:
        os.kill(int(server.keeper_lock.read_text()), signal.SIGTERM)
    except (ValueError, ProcessLookupError):
        # It is on its way: it had not written its number yet, or has just ended.
        pass
    FileLock.take(server.keeper_lock, seconds=PATIENCE_SECONDS).release()
