"""Kept files on a disk of this machine, or on one that all machines mount."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from core.kept_files.storage import StoredObject


class LocalStorage(FileSystemStorage):
    """Django's storage in a folder, which also tells what lies in it (`core.kept_files.storage.KeptStorage`)."""

    is_local = True

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield what lies anywhere below a folder."""
        for path, _folders, names in os.walk(self.path(folder)):
            for name in names:
                place = Path(path) / name
                try:
                    found = place.stat()
                except FileNotFoundError:
                    continue  # it goes meanwhile
                relative = place.relative_to(self.location)
                yield StoredObject(
                    relative.as_posix(), found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)
                )
