"""The media of a backup: into the file, out of it, and in place of those that are there.

New files are laid out inside the media folder and moved within it, because the folder may be a mount. Kept files that
lie in a bucket are part of a backup as well, and go back to wherever kept files lie here: a backup also moves them
between a disk and a bucket. In a bucket nothing is replaced: names are never used twice, so what is missing is added,
and what the restored rows do not know is removed by the nightly search for such files.
"""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.base import File

from core.backup.programs import pour
from core.errors import ApplicationError
from core.kept_files.storage import FOLDER, kept_storage

PREFIX = "media/"
# Below the media folder: what is being restored, and what it replaces.
FRESH = ".restoring"
FORMER = ".replaced"


def media_root() -> Path:
    """Return the folder of the media."""
    return Path(settings.MEDIA_ROOT)


def media_files() -> Iterator[Path]:
    """Yield every file of the media, in order."""
    root = media_root()
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        beside = path.relative_to(root).parts[0] in (FRESH, FORMER)
        if path.is_file() and not path.is_symlink() and not beside:
            yield path


def add_media(archive: zipfile.ZipFile) -> tuple[int, int]:
    """Add the media; returns their number and bytes. A file that vanishes meanwhile is left out."""
    files = size = 0
    for path in media_files():
        entry = zipfile.ZipInfo(PREFIX + path.relative_to(media_root()).as_posix())
        entry.compress_type = zipfile.ZIP_DEFLATED
        try:
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                pour(source, target)
                size += source.tell()
        except FileNotFoundError:
            continue
        files += 1
    more, bytes_more = _add_objects(archive)
    return files + more, size + bytes_more


def _add_objects(archive: zipfile.ZipFile) -> tuple[int, int]:
    """Add the kept files of a bucket, where they lie in one."""
    storage = kept_storage()
    files = size = 0
    for each in () if storage.is_local else storage.objects(FOLDER):
        try:
            with (
                storage.open(each.name) as source,
                archive.open(PREFIX + each.name, "w", force_zip64=True) as target,
            ):
                pour(source, target)
        except FileNotFoundError:
            continue
        files, size = files + 1, size + each.size
    return files, size


def lay_out(archive: zipfile.ZipFile) -> int:
    """Write the media of a backup beside those that are there; returns their number. Checksums are compared.

    Raises:
        ApplicationError: a file would lie outside the media folder.
    """
    fresh = media_root() / FRESH
    discard(FRESH)
    fresh.mkdir(parents=True, mode=0o700)
    files = 0
    for entry in archive.infolist():
        if not entry.filename.startswith(PREFIX) or entry.is_dir():
            continue
        relative = PurePosixPath(entry.filename.removeprefix(PREFIX))
        if relative.is_absolute() or ".." in relative.parts:
            raise ApplicationError(
                "no_backup", f"The backup holds {entry.filename}, which leads out of its folder."
            )
        files += 1
        if relative.parts[0] == FOLDER and not kept_storage().is_local:
            _put(archive, entry, str(relative))
            continue
        place = fresh / relative
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with archive.open(entry) as source, place.open("xb") as target:
            pour(source, target)
    return files


def _put(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Put a kept file into the bucket, unless it is there."""
    if not kept_storage().exists(name):
        with archive.open(entry) as source:
            kept_storage().save(name, File(source))


def exchange() -> None:
    """Let the files laid out take the place of those there, which are kept until `discard(FORMER)`."""
    root = media_root()
    _move_all(root, root / FORMER)
    _move_all(root / FRESH, root)


def put_back() -> None:
    """Undo `exchange`, or what was done of it."""
    root = media_root()
    if (root / FORMER).is_dir():
        _move_all(root, root / FRESH)
        _move_all(root / FORMER, root)
        discard(FORMER)


def discard(name: str) -> None:
    """Remove one of the two folders beside the media, if it is there."""
    shutil.rmtree(media_root() / name, ignore_errors=True)


def is_unfinished() -> bool:
    """Return whether an earlier exchange has left the former files."""
    return (media_root() / FORMER).is_dir()


def _move_all(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True, mode=0o700)
    for path in list(source.iterdir()):
        if path.name not in (FRESH, FORMER):
            path.rename(target / path.name)
