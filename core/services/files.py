"""The writers of kept files: store what is handed in, attach it to its row, remove what nobody attached."""

import hashlib
import tempfile
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.kept_files.kinds import KINDS, FileKind, recognise
from core.kept_files.names import clean_name
from core.kept_files.pictures import Drawn, draw_anew
from core.kept_files.purposes import FileActor
from core.kept_files.refusals import FileRefused
from core.models import StoredFile

MEGABYTE = 2**20
IN_MEMORY = 2 * MEGABYTE


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What is taken: kinds by name, and how large; of a picture field, pictures drawn anew."""

    kinds: Collection[str]
    max_bytes: int
    as_picture: bool = False


def store_file(
    *,
    actor: FileActor,
    purpose: str,
    about: str,
    filename: str,
    chunks: Iterable[bytes],
    limits: FileLimits,
) -> StoredFile:
    """Keep a file that is handed in; it belongs to nothing yet, and to nobody but the actor.

    Args:
        purpose: under which an app registered who may read it; `about`: what of that, such as a field.
        filename: as the sender calls it; it is kept cleaned, with the ending of what the file is.
        limits: what is taken. What a file is, is read from its bytes.

    Raises:
        FileRefused: nothing of it stays.
    """
    with (
        tempfile.SpooledTemporaryFile(IN_MEMORY) as received,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as drawn,
    ):
        _receive(chunks, received, limits.max_bytes)
        kind = recognise(received, filename)
        if kind is None or kind.name not in limits.kinds:
            allowed = ", ".join(KINDS[name].label for name in KINDS if name in limits.kinds)
            raise FileRefused("file_type", limit=allowed)
        picture = draw_anew(received, kind, drawn) if limits.as_picture else None
        kept, kind = (drawn, picture.kind) if picture else (received, kind)
        return _write(actor, purpose, about, clean_name(filename, kind.name), kind, kept, picture)


def _receive(chunks: Iterable[bytes], target: IO[bytes], limit: int) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise FileRefused("file_too_large", limit=limit // MEGABYTE)
        target.write(chunk)
    if not size:
        raise FileRefused("file_empty")


def _write(
    actor: FileActor,
    purpose: str,
    about: str,
    name: str,
    kind: FileKind,
    content: IO[bytes],
    picture: Drawn | None,
) -> StoredFile:
    size = content.seek(0, 2)
    content.seek(0)
    digest = hashlib.sha256()
    while piece := content.read(MEGABYTE):
        digest.update(piece)
    content.seek(0)
    place = default_storage.save(f"files/{actor.organization.pk}/{uuid.uuid4().hex}", File(content))
    try:
        return StoredFile.objects.create(
            name=name,
            size=size,
            content_type=kind.content_type,
            sha256=digest.hexdigest(),
            path=place,
            width=picture.width if picture else None,
            height=picture.height if picture else None,
            purpose=purpose,
            about=about,
            uploaded_by=actor.user,
        )
    except BaseException:
        default_storage.delete(place)
        raise


def attach_files(
    *, actor: FileActor, purpose: str, file_ids: Collection[int], subject_id: int
) -> frozenset[int]:
    """Attach files that the actor handed in to a row, and return those that are attached now.

    One that somebody else attached meanwhile is not among them: the caller then takes everything back. Call it in
    the transaction that writes the row.
    """
    if not file_ids:
        return frozenset()
    own = StoredFile.objects.filter(
        pk__in=file_ids, purpose=purpose, attached_at__isnull=True, uploaded_by=actor.user
    )
    locked = frozenset(own.select_for_update().order_by("pk").values_list("pk", flat=True))
    StoredFile.objects.filter(pk__in=locked).update(attached_at=timezone.now(), subject_id=subject_id)
    return locked


def pass_files_on(
    *,
    old: tuple[str, int | None],
    new: tuple[str, int | None],
    file_ids: Collection[int],
    about: str | None = None,
) -> frozenset[int]:
    """Pass files on from one purpose and row to others, and return those that were there to be passed on.

    `old` and `new` are a purpose and the number of the row that files of it are attached to, None for none. Of two
    who ask for a file at once, one gets it. Call it in the transaction that writes the row.
    """
    if not file_ids:
        return frozenset()
    purpose, subject = old
    rows = StoredFile.objects.filter(pk__in=file_ids, purpose=purpose, attached_at__isnull=subject is None)
    rows = rows.filter(subject_id=subject)
    locked = frozenset(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    purpose, subject = new
    changes = {} if about is None else {"about": about}
    StoredFile.objects.filter(pk__in=locked).update(
        purpose=purpose,
        subject_id=subject,
        attached_at=None if subject is None else timezone.now(),
        **changes,
    )
    return locked


def remove_unattached(before: datetime, limit: int) -> int:
    """Remove up to `limit` files that were handed in before a moment and attached to nothing; return how many."""
    old = StoredFile.objects.filter(attached_at__isnull=True, created_at__lt=before)
    return remove_files(old.order_by("created_at"), limit)


def remove_files(files: QuerySet[StoredFile], limit: int) -> int:
    """Remove up to `limit` files, in the order in which they are given, with their bytes; return how many.

    No row may refer to them. What somebody holds at the moment stays.
    """
    with transaction.atomic():
        rows = list(files.select_for_update(of=("self",), skip_locked=True)[:limit])
        StoredFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for row in rows:
            transaction.on_commit(partial(default_storage.delete, row.path))
    return len(rows)
