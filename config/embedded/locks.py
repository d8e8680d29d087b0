"""Locks that the kernel frees when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded.errors import EmbeddedError


class FileLock:
    """A lock on a file. It is held by the open file, so it also lasts while a forked child has it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    @classmethod
    def take(cls, path: Path, *, shared: bool = False, seconds: float) -> Self:
        """Take the lock, waiting up to `seconds`.

        Raises:
            EmbeddedError: somebody else held it all the time.
        """
        deadline = time.monotonic() + seconds
        while True:
            lock = cls(path)
            if lock.try_take(shared=shared):
                return lock
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{path} is locked by another process for {seconds:.0f} s: is one stopped?")
            time.sleep(0.05)

    @classmethod
    def is_held(cls, path: Path) -> bool:
        """Whether some process holds the lock."""
        lock = cls(path)
        if lock.try_take():
            lock.release()
            return False
        return True

    def try_take(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free; returns whether it was."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(f"Cannot open {self.path}: {error.strerror}.") from error
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def write(self, text: str) -> None:
        """Leave a note in the locked file for those who find it locked."""
        assert self._file is not None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
