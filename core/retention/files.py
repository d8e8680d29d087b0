"""Files under MEDIA_ROOT, and kept ones in a bucket: exports that are old, and files that no row knows.

Both follow one rule: the row changes first, its file goes after the commit. A file whose row has gone is found
here as one that no row knows; a row never names a file that was taken away on purpose.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.intake.storage import discard_file
from core.kept_files.storage import FOLDER, kept_storage
from core.models import Intake, Job, JobState, StoredFile
from core.models.intake import IntakeState
from core.retention.registry import Purge, register_purge
from core.scope import current_organization_id

# Names below a folder of the organisation, and which of them rows still refer to.
Known = Callable[[list[str]], set[str]]
TOGETHER = 500
Item = TypeVar("Item")

_folders: dict[str, Known] = {}


def media_folder(name: str) -> Callable[[Known], Known]:
    """Register who knows the files of a folder: MEDIA_ROOT/<name>/<organisation>/….

    The function gets names as rows hold them, such as intake/7/0123…, and returns those that a row still needs. It
    runs in the organisation's scope. Files of folders that nobody registers stay.
    """

    def register(known: Known) -> Known:
        if name in _folders:
            raise ValueError(f"The folder {name} is registered twice.")
        _folders[name] = known
        return known

    return register


def orphans(before: datetime) -> Iterator[Path]:
    """Yield the organisation's files that are older than `before` and that no row knows."""
    for folder, known in sorted(_folders.items()):
        home = Path(settings.MEDIA_ROOT) / folder / str(current_organization_id())
        for paths in _in_groups(_older(home, before)):
            names = {
                path: f"{folder}/{current_organization_id()}/{path.name.partition('.')[0]}" for path in paths
            }
            referred = known(sorted(set(names.values())))
            yield from (path for path, name in names.items() if name not in referred)


def orphaned_objects(before: datetime) -> Iterator[str]:
    """Yield the same of kept files that lie in a bucket, by their names there."""
    storage = kept_storage()
    if storage.is_local:
        return
    found = storage.objects(f"{FOLDER}/{current_organization_id()}")
    for names in _in_groups(each.name for each in found if each.written_at < before):
        referred = known_kept_files(names)
        yield from (name for name in names if name not in referred)


def _older(home: Path, before: datetime) -> Iterator[Path]:
    if not home.is_dir():
        return
    with os.scandir(home) as entries:
        for entry in entries:
            # One that goes meanwhile is none of ours.
            try:
                if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before.timestamp():
                    yield Path(entry.path)
            except FileNotFoundError:
                continue


def _in_groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while group := list(islice(left, TOGETHER)):
        yield group


def _count_orphans(before: datetime) -> int:
    return sum(1 for _path in orphans(before)) + sum(1 for _name in orphaned_objects(before))


def _remove_orphans(before: datetime, limit: int) -> int:
    removed = 0
    for path in islice(orphans(before), limit):
        path.unlink(missing_ok=True)
        removed += 1
    for name in islice(orphaned_objects(before), limit - removed):
        kept_storage().delete(name)
        removed += 1
    return removed


@media_folder("intake")
def known_intake_files(names: list[str]) -> set[str]:
    """Files of imports that were not discarded; what lies beside one, such as its error workbook, has its name."""
    return set(Intake.objects.filter(path__in=names).values_list("path", flat=True))


@media_folder("exports")
def known_export_files(names: list[str]) -> set[str]:
    """Files that an export has written and that have not expired."""
    return set(Job.objects.filter(result__file__in=names).values_list("result__file", flat=True))


@media_folder(FOLDER)
def known_kept_files(names: list[str]) -> set[str]:
    """Files that were handed in: one kept by a call that was taken back is known to no row."""
    return set(StoredFile.objects.filter(path__in=names).values_list("path", flat=True))


register_purge(
    Purge(
        name="core.orphaned_files",
        title=_("Files that nothing refers to"),
        setting="RETENTION_ORPHANED_FILES_DAYS",
        count=_count_orphans,
        delete=_remove_orphans,
    )
)


def _old_exports(before: datetime) -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.DONE, finished_at__lt=before, result__has_key="file")


def _expire_exports(before: datetime, limit: int) -> int:
    """Take the files of old exports away; their rows stay, and say so, for they tell who took what out."""
    with transaction.atomic():
        jobs = list(_old_exports(before).order_by("id").select_for_update(skip_locked=True)[:limit])
        for job in jobs:
            result = dict(job.result or {})
            transaction.on_commit(partial(discard_file, result.pop("file")), robust=True)
            job.result = {**result, "expired": True}
        Job.objects.bulk_update(jobs, ["result"])
    return len(jobs)


register_purge(
    Purge(
        name="core.export_files",
        title=_("Files of exports"),
        setting="RETENTION_EXPORT_FILES_DAYS",
        count=lambda before: _old_exports(before).count(),
        delete=_expire_exports,
    )
)


def _old_checks(before: datetime) -> QuerySet[Intake]:
    """Files that were received, perhaps checked, and of which nothing was ever loaded."""
    states = (IntakeState.RECEIVED, IntakeState.CHECKED, IntakeState.FAILED, IntakeState.CANCELLED)
    return Intake.objects.filter(created_at__lt=before, load_job=None, stands=False, state__in=states)


def _discard_checks(before: datetime, limit: int) -> int:
    """Discard them as a person would: the row is withdrawn, and its file goes."""
    with transaction.atomic():
        chosen = _old_checks(before).order_by("id").select_for_update(of=("self",), skip_locked=True)
        found = list(chosen.values_list("pk", "path")[:limit])
        Intake.objects.filter(pk__in=[pk for pk, _path in found]).update(deleted_at=timezone.now())
        for _pk, path in found:
            transaction.on_commit(partial(discard_file, path), robust=True)
    return len(found)


register_purge(
    Purge(
        name="core.checked_files",
        title=_("Files that were checked and never loaded"),
        setting="RETENTION_CHECKED_FILES_DAYS",
        count=lambda before: _old_checks(before).count(),
        delete=_discard_checks,
    )
)
