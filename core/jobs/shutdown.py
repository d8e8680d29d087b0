"""How a job learns that its worker shuts down, so that it stops after the running batch.

Celery tells the main process only, and the jobs run in its children: a page of memory that was shared
before the children were forked carries the word to them.
"""

import mmap
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_announced = mmap.mmap(-1, 1)
_terminated = threading.Event()


def announce() -> None:
    """Tell this process and the children it forked that they shall stop soon."""
    _announced[0] = 1


def requested() -> bool:
    """Whether the worker shuts down."""
    return _announced[0] == 1 or _terminated.is_set()


def _note(number: int, frame: FrameType | None) -> None:
    _terminated.set()


@contextmanager
def termination_deferred() -> Iterator[None]:
    """Within the block SIGTERM to this very process only asks to stop; it takes effect at the block's end.

    A supervisor may signal the whole group. Without this the child would drop the batch it is in.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if _terminated.is_set():
            _terminated.clear()
            os.kill(os.getpid(), signal.SIGTERM)
