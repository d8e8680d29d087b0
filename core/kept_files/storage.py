"""What a storage of kept files can do, wherever the bytes lie: on a disk, or in a bucket that speaks S3.

`STORAGES["default"]` chooses; `tests/core/kept_files/test_storages.py` holds both to the same contract.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, cast

from django.core.files.base import File
from django.core.files.storage import default_storage

# Below it lie the kept files: files/<organisation>/<a name that nobody guesses>.
FOLDER = "files"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Something that lies in the storage: its name as rows hold it, its bytes, and when it was written (aware)."""

    name: str
    size: int
    written_at: datetime


class KeptStorage(Protocol):
    """Django's storage, as far as kept files need it, and what lies in it.

    `save` never takes the place of another file, and is whole or nothing. `open` and `size` raise FileNotFoundError
    for what is not there, `delete` minds it not.
    """

    # Whether the files lie below MEDIA_ROOT.
    is_local: bool

    def save(self, name: str, content: "File[bytes]") -> str: ...

    def open(self, name: str) -> Any: ...

    def size(self, name: str) -> int: ...

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None: ...

    def objects(self, folder: str) -> Iterator[StoredObject]: ...


def kept_storage() -> KeptStorage:
    """Return the storage that the settings choose."""
    return cast(KeptStorage, default_storage)
