"""Reading workbooks: a child process reads them, this side hands out the rows it left in the spool."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

from core.intake.readers.limits import ReadLimits
from core.intake.readers.refusals import FileRefused
from core.intake.readers.sniffing import Container, extension_notices
from core.intake.readers.sources import SheetInfo, SourceRow, TableSource
from core.intake.readers.spool import read_section

_PROJECT = Path(__file__).resolve().parents[3]
_CHILD = "core.intake.readers.workbook_child"

OUT_OF_MEMORY: Final = 3
"""The exit status of a child in which Python ran out of memory (calamine aborts by a signal instead)."""

logger = logging.getLogger(__name__)


class WorkbookSource(TableSource):
    """A workbook whose rows lie in the spool. Close it to give the room on the disk back."""

    def __init__(self, *, kind: str, filename: str, spool: BinaryIO, answers: list[dict[str, Any]]) -> None:
        super().__init__(
            kind=kind,
            filename=filename,
            sheets=tuple(
                SheetInfo(
                    name=answer["name"],
                    rows=answer["rows"],
                    last_row=answer["last_row"],
                    columns=answer["columns"],
                    hidden=answer["hidden"],
                )
                for answer in answers
            ),
            notices=extension_notices(filename, kind=kind),
        )
        self._spool = spool
        self._answers = {answer["name"]: answer for answer in answers}

    def rows(self, sheet: str | None = None, *, after: int = 0) -> Iterator[SourceRow]:
        """See `TableSource.rows`."""
        name = self.sheets[0].name if sheet is None else sheet
        answer = self._answers[name]
        if "refused" in answer:
            raise FileRefused(**answer["refused"])
        stored = read_section(self._spool.fileno(), answer["start"], answer["end"], after=after)
        return (SourceRow(name, number, cells) for number, cells in stored)

    def close(self) -> None:
        """Remove the spool."""
        self._spool.close()


def open_workbook(path: Path, *, filename: str, limits: ReadLimits) -> WorkbookSource:
    """Read a workbook in a zip archive (XLSX, ODS) into a spool.

    Raises FileRefused for all that `workbook_child` refuses, and when it takes more memory or time than one
    file may take.
    """
    return _open(path, Container.ARCHIVE, filename, limits)


def open_old_workbook(path: Path, *, filename: str, limits: ReadLimits) -> WorkbookSource:
    """Read a workbook in an OLE container (XLS) into a spool. Raises FileRefused, as `open_workbook`."""
    return _open(path, Container.OLE, filename, limits)


def _open(path: Path, container: Container, filename: str, limits: ReadLimits) -> WorkbookSource:
    spool = tempfile.TemporaryFile(dir=limits.spool_directory)  # noqa: SIM115 - the source closes it
    try:
        answer = _read_in_child(path, container, filename, limits, spool)
        if "refused" in answer:
            raise FileRefused(**answer["refused"])
        return WorkbookSource(kind=answer["kind"], filename=filename, spool=spool, answers=answer["sheets"])
    except BaseException:
        spool.close()
        raise


def _read_in_child(
    path: Path, container: Container, filename: str, limits: ReadLimits, spool: BinaryIO
) -> dict[str, Any]:
    for may_use_calamine in (True, False):
        finished = _run_child(path, container, filename, limits, spool, may_use_calamine=may_use_calamine)
        if finished.returncode == 0:
            answer: dict[str, Any] = json.loads(finished.stdout)
            return answer
        if finished.returncode > 0 and finished.returncode != OUT_OF_MEMORY:
            logger.error("The child that reads workbooks failed: %s", finished.stderr[-4000:])
            raise FileRefused(
                "unreadable",
                f"“{filename}” could not be read. Open it in Excel, save it as XLSX, and upload that.",
            )
        # Killed or out of memory: calamine holds a sheet whole, the streaming reader does not.
    raise FileRefused(
        "too_much_memory",
        f"“{filename}” needs more memory to read than one file may take. Split it into several files.",
    )


def _run_child(
    path: Path,
    container: Container,
    filename: str,
    limits: ReadLimits,
    spool: BinaryIO,
    *,
    may_use_calamine: bool,
) -> subprocess.CompletedProcess[str]:
    request = {
        "path": str(path.resolve()),
        "container": container.value,
        "filename": filename,
        "spool": spool.fileno(),
        "may_use_calamine": may_use_calamine,
        "limits": asdict(limits),
    }
    try:
        return subprocess.run(
            [sys.executable, "-m", _CHILD, json.dumps(request)],
            cwd=_PROJECT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            pass_fds=(spool.fileno(),),
            timeout=limits.child_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileRefused(
            "too_slow",
            f"“{filename}” takes longer to read than one file may take. Split it into several files.",
        ) from None


def _environment() -> dict[str, str]:
    """What Python needs to start, and none of the secrets that this process may have been given."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    searched = [str(_PROJECT), *(entry for entry in sys.path if entry)]
    return {**kept, "PYTHONPATH": os.pathsep.join(searched), "PYTHONIOENCODING": "utf-8"}
