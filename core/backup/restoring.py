"""Restoring a backup: all is made and checked beside what is there, and then takes its place.

Until the very last step the old database and media are untouched, so a restore that fails has changed nothing.
"""

import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from core.backup import databases, media
from core.backup.archive import DATABASE, Manifest, opened
from core.backup.counts import NEVER_KEPT, all_tables, count_rows, what_is_stored
from core.backup.programs import pour, running
from core.database.roles import ensure_role
from core.errors import ApplicationError, Conflict
from core.models import Organization
from core.rebuilding import rebuild_all
from core.scope import system_scope

NAMED_TABLES = 6


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """What stands now, and what went: `replaced` is table → rows of the old database.

    `differences`: derived table → (rows when the backup was made, rows made anew), where they differ.
    """

    manifest: Manifest
    media_files: int
    replaced: dict[str, int]
    differences: dict[str, tuple[int, int]] = field(default_factory=dict)


def restore_backup(path: Path, *, replace: bool = False) -> RestoreDone:
    """Put the backup at `path` in place of the database and the media of this installation.

    With `replace` that may be done where something is stored; it is gone then. Everybody at work is sent away
    for a moment. Processes that keep things in memory (web, worker) are to be restarted afterwards.

    Raises:
        Conflict: something is stored here, and `replace` is not said; the message names it.
        ApplicationError: the file is no whole backup, or of a later version; nothing was changed.
    """
    with opened(path) as (archive, manifest), system_scope(reason="restore"):
        _refuse_misfit(manifest)
        _finish_earlier()
        stored = _refuse_full(replace)
        name = connection.settings_dict["NAME"]
        fresh = databases.beside(name, "restoring")
        try:
            _load(archive, fresh)
            differences = _check_and_rebuild(manifest, fresh)
            files = media.lay_out(archive)
            _exchange(name, fresh)
        finally:
            _clear_away(fresh)
    cache.clear()
    return RestoreDone(manifest, files, stored, differences)


def _refuse_misfit(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise ApplicationError(
            "later_version",
            f"A later version made this backup ({manifest.application_version}, with {unknown[-1]})."
            " Update the application first.",
        )
    if manifest.application_role != settings.DATABASE_APPLICATION_ROLE:
        raise ApplicationError(
            "other_role",
            f"In the backup the application's role is {manifest.application_role}: set"
            f" DATABASE_APPLICATION_ROLE={manifest.application_role}, and restore again.",
        )


def _finish_earlier() -> None:
    """Bring to its end, one way or the other, what a restore that was killed has left."""
    former = databases.beside(connection.settings_dict["NAME"], "replaced")
    with databases.maintenance() as cursor:
        if databases.exists(cursor, former):
            media.discard(media.FORMER)
            databases.drop(cursor, former)
        elif media.is_unfinished():
            media.put_back()


def _refuse_full(replace: bool) -> dict[str, int]:
    stored = what_is_stored()
    files = sum(1 for _path in media.media_files())
    if files:
        stored["media"] = files
    if not stored or replace:
        return stored
    largest = sorted(stored.items(), key=lambda item: -item[1])
    named = ", ".join(f"{table} {count:,}" for table, count in largest[:NAMED_TABLES])
    slugs = ", ".join(Organization.objects.order_by("slug").values_list("slug", flat=True)[:NAMED_TABLES])
    raise Conflict(
        "not_empty",
        f"Something is stored here already: organisations {slugs or 'none'}; rows: {named}"
        f"{', …' if len(largest) > NAMED_TABLES else ''}. With --replace it goes for the backup.",
    )


def _load(archive: zipfile.ZipFile, name: str) -> None:
    with databases.maintenance() as cursor:
        ensure_role(cursor)
        databases.create_empty(cursor, name)
    options = ("--exit-on-error", "--no-owner")
    with running("pg_restore", *options, database=name, stdin=subprocess.PIPE) as program:
        assert program.stdin is not None
        with archive.open(DATABASE) as source:
            pour(source, program.stdin)


def _check_and_rebuild(manifest: Manifest, name: str) -> dict[str, tuple[int, int]]:
    with databases.working_in(name):
        whole = {table for table in manifest.rows if table not in manifest.derived}
        if lost := _compare(manifest, whole):
            named = ", ".join(f"{table} {found:,} of {told:,}" for table, (told, found) in lost.items())
            raise ApplicationError(
                "rows_differ", f"Rows are missing from the backup: {named}. Nothing was changed."
            )
        call_command("migrate", verbosity=0, interactive=False)
        rebuild_all(Organization.objects.order_by("slug"))
        return _compare(manifest, set(manifest.derived))


def _compare(manifest: Manifest, tables: set[str]) -> dict[str, tuple[int, int]]:
    """Return table → (rows told by the manifest, rows found), where the two differ."""
    found = count_rows(table for table in all_tables() if table in tables and table not in NEVER_KEPT)
    return {
        table: (manifest.rows[table], found.get(table, 0))
        for table in sorted(tables)
        if manifest.rows[table] != found.get(table, 0)
    }


def _exchange(name: str, fresh: str) -> None:
    former = databases.beside(name, "replaced")
    try:
        media.exchange()
        with databases.maintenance() as cursor:
            databases.exchange(cursor, name, fresh, former)
            databases.drop(cursor, former)
    except BaseException:
        with databases.maintenance() as cursor:
            if not databases.exists(cursor, former):
                media.put_back()
        raise
    media.discard(media.FORMER)


def _clear_away(fresh: str) -> None:
    with databases.maintenance() as cursor:
        databases.drop(cursor, fresh)
    media.discard(media.FRESH)
