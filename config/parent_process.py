"""Processes that must not outlive the one that started them."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# Loaded here, because after a fork little may be done safely.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process the signal `by` when process number `parent`, its parent, dies.

    For the start of a child: between fork and exec, or first thing in a forked worker. Linux only; elsewhere
    nothing happens. The kernel looks at the thread that forked, so a parent must fork in a thread that lasts.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        # It died before the kernel was asked.
        os.kill(os.getpid(), by)
