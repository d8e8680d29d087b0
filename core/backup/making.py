"""Making a backup: one moment of the database, its counts from that very moment, and the media after it."""

import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core.backup.archive import DATABASE, FORMAT, MANIFEST, Manifest
from core.backup.counts import NEVER_KEPT, all_tables, count_rows
from core.backup.media import add_media
from core.backup.programs import pour, running
from core.errors import ApplicationError, Conflict
from core.rebuilding import derived_tables
from core.scope import system_scope


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A backup that stands whole at `path`."""

    path: Path
    size: int
    manifest: Manifest


def make_backup(path: Path) -> BackupMade:
    """Write a backup of database and media to `path`, which must not exist; people may work meanwhile.

    The file holds personal data: only its owner may read it. It appears once it is whole.

    Raises:
        Conflict: the file exists.
        ApplicationError: it cannot be written, or pg_dump fails.
    """
    if path.exists():
        raise Conflict("file_exists", f"{path} exists already. Choose another name.")
    draft = path.with_name(f"{path.name}.partial")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)
        with zipfile.ZipFile(draft, "w", allowZip64=True) as archive:
            manifest = _write(archive)
        draft.replace(path)
    except OSError as error:
        raise ApplicationError("not_written", f"Cannot write {path}: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return BackupMade(path, path.stat().st_size, manifest)


def _write(archive: zipfile.ZipFile) -> Manifest:
    derived = derived_tables()
    with system_scope(reason="backup"), _role_taken(), transaction.atomic(), connection.cursor() as cursor:
        # The counts, the dump and the list of migrations are of one snapshot.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        rows = count_rows(table for table in all_tables() if table not in NEVER_KEPT)
        migrations = sorted(
            f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
        )
        server_version = connection.pg_version  # type: ignore[attr-defined]
        _dump(archive, snapshot, derived)
    files, size = add_media(archive)
    manifest = Manifest(
        format=FORMAT,
        made_at=timezone.now().isoformat(timespec="seconds"),
        application_version=application_version(),
        server_version=server_version,
        application_role=settings.DATABASE_APPLICATION_ROLE,
        migrations=migrations,
        rows=rows,
        derived=derived,
        media_files=files,
        media_bytes=size,
    )
    archive.writestr(MANIFEST, manifest.written())
    return manifest


@contextmanager
def _role_taken() -> Iterator[None]:
    """Let the connection take its role before the transaction, in which the isolation must be said first."""
    connection.cursor().close()
    yield


def _dump(archive: zipfile.ZipFile, snapshot: str, derived: list[str]) -> None:
    without = [f"--exclude-table-data=public.{table}" for table in (*NEVER_KEPT, *derived)]
    options = ("--format=custom", f"--snapshot={snapshot}", "--no-owner", *without)
    name = connection.settings_dict["NAME"]
    with running("pg_dump", *options, database=name, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        # The dump is compressed already.
        with archive.open(DATABASE, "w", force_zip64=True) as target:
            pour(program.stdout, target)


def application_version() -> str:
    """Return the version of the application, as its project file states it."""
    return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
