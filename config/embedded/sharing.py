"""Joining and leaving the embedded servers.

Three locks per server: `start` serialises starting and stopping; `users` is held shared by every user;
`keeper` by the keeper. A keeper that stops its server holds `users` alone meanwhile, so a new user waits.
"""

import contextlib
import os
import shutil
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
# Longer than whoever holds a lock may take.
PATIENCE_SECONDS = START_SECONDS + RETRY_SECONDS + 2 * STOP_SECONDS

_joined: dict[str, FileLock] = {}


def join(server: Server) -> None:
    """Use the server until this process ends or leaves; starts it when it is not running.

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
    search = [str(places.CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    keeper = subprocess.Popen(
        [sys.executable, "-m", "config.embedded", "keep", server.name],
        cwd=places.CHECKOUT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(search)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        said = keeper.stdout.readline().strip()
        if said != READY:
            said = f"{said}\n{keeper.stdout.read()}".strip()
            raise EmbeddedError(said or f"The keeper of {server.title} has died.")
    keeper.wait()


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + RETRY_SECONDS + STOP_SECONDS
    while time.monotonic() < deadline:
        process = server.find_running()
        if process and server.is_ready(process):
            return
        time.sleep(0.1)
    raise EmbeddedError(f"{server.title} does not answer; its logs are in {places.LOGS}.")


def leave(server: Server) -> bool:
    """Stop using the server, and stop it unless others use it. Returns whether it is stopped now.

    A process that ends without this call has left all the same; the server then stops a little later.
    """
    if place := _joined.pop(server.name, None):
        place.release()
    if not server.home.is_dir():
        return True
    with FileLock.take(server.start_lock, seconds=PATIENCE_SECONDS), FileLock(server.users_lock) as users:
        # The keeper looks whether the lock is free by taking it for a moment.
        if not users.try_take(seconds=0.5):
            return False
        _stop_keeper(server)
        if left_running := server.find_running():
            server.stop(left_running)
        return True


def _stop_keeper(server: Server) -> None:
    if not FileLock.is_held(server.keeper_lock):
        return
    # It may have just ended, or not have written its number yet; then it ends by itself for want of users.
    with contextlib.suppress(ValueError, ProcessLookupError):
        os.kill(int(server.keeper_lock.read_text()), signal.SIGTERM)
    FileLock.take(server.keeper_lock, seconds=PATIENCE_SECONDS).release()


def remove_everything() -> None:
    """Stop the servers and delete what this checkout has stored: databases, uploads, logs.

    Raises:
        EmbeddedError: some process still uses a server.
    """
    for server in SERVERS.values():
        if not leave(server):
            raise EmbeddedError(f"{server.title} is in use: end `make demo`, commands and tests first.")
    for folder in (places.socket_directory(), places.home(), places.STATE):
        if folder.exists():
            shutil.rmtree(folder)
