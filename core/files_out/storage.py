"""Where outgoing files lie until they are fetched: under MEDIA_ROOT, a folder per organisation.

Names cannot be guessed, and nothing here is served directly: a view asks first who wants the file.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from core.scope import current_organization_id


@contextmanager
def new_file() -> Iterator[tuple[str, Path]]:
    """A new file to be written in the block: its name below MEDIA_ROOT, and its place meanwhile.

    It appears under its name when the block ends; a block that fails leaves nothing.
    """
    name = f"exports/{current_organization_id()}/{uuid.uuid4().hex}"
    place = local_path(name)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = place.with_suffix(".part")
    try:
        yield name, unfinished
        with unfinished.open("rb") as file:
            # What the database will say is there must be there after a power cut too.
            os.fsync(file.fileno())
        unfinished.rename(place)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def local_path(name: str) -> Path:
    """Return the place of a file on this machine."""
    return Path(settings.MEDIA_ROOT) / name
