"""The file of a backup, and what it says of itself."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import ApplicationError

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.dump"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. `rows`: table → count at the moment of the dump; `derived` tables, whose
    rows are counted and left out; `migrations`: the applied ones as app.name."""

    format: int
    made_at: str
    application_version: str
    server_version: int
    application_role: str
    migrations: list[str]
    rows: dict[str, int]
    derived: list[str]
    media_files: int
    media_bytes: int

    def written(self) -> str:
        return json.dumps(asdict(self), indent=1)


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup and read its manifest.

    Raises:
        ApplicationError: there is no such file, it is no backup, it is of a later format, or it turns out
            to be damaged while it is read.
    """
    if not path.is_file():
        raise ApplicationError("no_file", f"There is no file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _manifest(archive, path)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(path) from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        said = json.loads(archive.read(MANIFEST))
        archive.getinfo(DATABASE)
        if said["format"] > FORMAT:
            raise ApplicationError(
                "later_format", "A later version made this backup. Update the application first."
            )
        return Manifest(**said)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ApplicationError:
    return ApplicationError(
        "no_backup", f"{path} is no backup of LeadLedger, or is damaged. Nothing was changed."
    )
