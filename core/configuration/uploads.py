"""Configuration files between the look at their difference and their application.

They lie under MEDIA_ROOT, a folder per organisation, under names that nobody can guess. What nobody applied
within a day goes when the next file comes in.
"""

import re
import time
import uuid
from pathlib import Path

from django.conf import settings

from core.configuration.document import LARGEST_FILE
from core.errors import NotVisible
from core.scope import current_organization_id

KEPT_SECONDS = 24 * 60 * 60
NAME = re.compile(r"[0-9a-f]{32}")


def keep_upload(content: bytes) -> str:
    """Keep a file of the organisation in force and return its name."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder)
    name = uuid.uuid4().hex
    (folder / name).write_bytes(content)
    return name


def read_upload(name: str) -> bytes:
    """Return a kept file; raise NotVisible where it is gone, or another organisation's."""
    if not NAME.fullmatch(name):
        raise NotVisible("This file is not here any more. Choose it again.")
    try:
        with (_folder() / name).open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise NotVisible("This file is not here any more. Choose it again.") from None


def discard_upload(name: str) -> None:
    """Remove a kept file."""
    if NAME.fullmatch(name):
        (_folder() / name).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "configuration" / str(current_organization_id())


def _sweep(folder: Path) -> None:
    oldest = time.time() - KEPT_SECONDS
    for place in folder.iterdir():
        try:
            if place.stat().st_mtime < oldest:
                place.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another process was quicker
