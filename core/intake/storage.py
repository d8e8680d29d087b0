"""Where incoming files lie: under MEDIA_ROOT, a folder per organisation, names that nobody can guess."""

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from core.errors import TooLarge
from core.scope import current_organization_id


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was received: its place below MEDIA_ROOT, its size, its fingerprint."""

    path: str
    size: int
    sha256: str


def store_file(chunks: Iterable[bytes], *, limit: int | None = None, folder: str = "intake") -> StoredFile:
    """Write an incoming file and return where it lies; raise TooLarge and leave nothing beyond `limit` bytes.

    `folder` is one of those whose files somebody is registered to know (`core.retention.files`).
    """
    limit = settings.INTAKE_MAX_BYTES if limit is None else limit
    relative = f"{folder}/{current_organization_id()}/{uuid.uuid4().hex}"
    place = local_path(relative)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    size = 0
    try:
        with place.open("xb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise TooLarge(
                        "file_too_large",
                        f"The file is larger than {limit // 2**20} MB. Split it and load the parts one by one.",
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            # What the database will say is there must be there after a power cut too.
            os.fsync(file.fileno())
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return StoredFile(relative, size, digest.hexdigest())


def local_path(relative: str) -> Path:
    """Return the place of a stored file on this machine."""
    return Path(settings.MEDIA_ROOT) / relative


def discard_file(relative: str) -> None:
    """Remove a stored file that nothing refers to."""
    local_path(relative).unlink(missing_ok=True)
