"""Reading kept files."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import default_storage

from core.errors import NotVisible
from core.kept_files.purposes import FileActor, is_own, may_read
from core.models import StoredFile

CHUNK = 64 * 1_024
GONE = "This file is not there, or is not for you."


def get_file(actor: FileActor, file_id: int) -> StoredFile:
    """Return a kept file that the actor may read now. Raises NotVisible for any other."""
    file = StoredFile.objects.filter(pk=file_id).first()
    if file is None or not may_read(actor, file):
        raise NotVisible(GONE)
    return file


def own_unattached(actor: FileActor, file_ids: list[int], *, purpose: str) -> list[StoredFile]:
    """Return those of the files that the actor has handed in for a purpose, and nobody attached yet."""
    files = StoredFile.objects.filter(pk__in=file_ids, purpose=purpose, attached_at__isnull=True)
    return [file for file in files if is_own(actor, file)]


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of a kept file, in pieces that are read once."""

    file: StoredFile
    chunks: Iterator[bytes]


def open_content(file: StoredFile) -> FileContent:
    """Open the bytes of a file that the actor may read. Raises NotVisible where they are gone."""
    try:
        opened = default_storage.open(file.path)
    except FileNotFoundError:
        raise NotVisible(GONE) from None

    def pieces() -> Iterator[bytes]:
        with opened:
            yield from opened.chunks(CHUNK)

    return FileContent(file, pieces())
