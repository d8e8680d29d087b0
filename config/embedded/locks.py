"""Locks that the kernel frees when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded.errors import EmbeddedError

LOOK_SECONDS = 0.05


class FileLock:
    """A lock on a file. The open file holds it, so it also lasts while a forked child has the file open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    @classmethod
    def take(cls, path: Path, *, shared: bool = False, seconds: float) -> Self:
        """Take the lock, waiting up to `seconds`.

        Raises:
            EmbeddedError: somebody else held it all the time.
        """
        lock = cls(path)
        if not lock.try_take(shared=shared, seconds=seconds):
            raise EmbeddedError(f"{path} has been locked for {seconds:.0f} s: does a process hang?")
        return lock

    @classmethod
    def is_held(cls, path: Path) -> bool:
        """Whether some process holds the lock."""
        lock = cls(path)
        taken = lock.try_take()
        lock.release()
        return not taken

    def try_take(self, *, shared: bool = False, seconds: float = 0) -> bool:
        """Take the lock if it is free now or within `seconds`; returns whether it was."""
        deadline = time.monotonic() + seconds
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(f"Cannot open {self.path}: {error.strerror}.") from error
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(file)
                    return False
                time.sleep(LOOK_SECONDS)
            else:
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
