"""A progress bar on a terminal."""

import shutil
import sys
import time
from types import TracebackType
from typing import TextIO

DRAW_SECONDS = 0.1
BAR_CELLS = 24


class ProgressBar:
    """Shows progress on one line of a terminal and takes it away at the end; elsewhere shows nothing.

    An instance is called with (done, total or None), as jobs report.
    """

    def __init__(self, label: str, stream: TextIO | None = None) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._shows = self._stream.isatty()
        self._started = time.monotonic()
        self._drawn = float("-inf")

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shows:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Draw the bar, ten times a second at most."""
        now = time.monotonic()
        if not self._shows or now - self._drawn < DRAW_SECONDS:
            return
        self._drawn = now
        line = progress_line(self._label, done, total, now - self._started)
        self._stream.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()


def progress_line(label: str, done: int, total: int | None, seconds: float) -> str:
    """Return one line that says how far the work is after `seconds`, and when it will be finished."""
    rate = done / seconds if seconds > 0 else 0.0
    pace = f"{rate:,.0f}/s"
    if not total:
        return f"{label}  {done:,}  {pace}"
    part = min(done / total, 1.0)
    filled = round(part * BAR_CELLS)
    bar = "█" * filled + "░" * (BAR_CELLS - filled)
    left = f"  {_duration((total - done) / rate)} left" if 0 < done < total and rate else ""
    return f"{label}  {bar} {part:4.0%}  {done:,} / {total:,}  {pace}{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
