"""Signed words for kept files: links that expire, and what a form carries while a file is not attached yet."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from core.errors import NotVisible

LINK, HELD = "core.kept_files.link", "core.kept_files.held"
# Longer than an unattached file is kept.
HELD_SECONDS = 3 * 86_400
LONGEST_SIGNED = 1_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says: which file of which organisation, and whether it is to be shown within a page."""

    organization_id: int
    file_id: int
    shows: bool


def file_link(organization_id: int, file_id: int, *, shows: bool = False) -> str:
    """Return an address of the file that expires. Whoever opens it is asked who they are, and may they."""
    signed = signing.dumps([organization_id, file_id, int(shows)], salt=LINK)
    return reverse("core:file", args=[signed])


def read_link(signed: str) -> Claim:
    """Return what a link says. Raises NotVisible where it was not made here, or expired."""
    try:
        organization_id, file_id, shows = signing.loads(
            signed[:LONGEST_SIGNED], salt=LINK, max_age=settings.FILE_LINK_SECONDS
        )
    except signing.SignatureExpired:
        raise NotVisible("This link has expired. Open the page with the file again.") from None
    except (signing.BadSignature, ValueError, TypeError):
        raise NotVisible("This is no link to a file.") from None
    return Claim(organization_id, file_id, bool(shows))


@dataclass(frozen=True, slots=True)
class Held:
    """A kept file as a form carries it from one attempt to the next."""

    file_id: int
    name: str
    size: int

    def signed(self) -> str:
        """The text that a hidden input carries."""
        return signing.dumps([self.file_id, self.name, self.size], salt=HELD)


def read_held(signed: str) -> Held | None:
    """Return what a form carries; None for what was not made here, or too long ago."""
    if not signed or len(signed) > LONGEST_SIGNED:
        return None
    try:
        file_id, name, size = signing.loads(signed, salt=HELD, max_age=HELD_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Held(file_id, name, size)
