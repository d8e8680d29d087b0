"""Watched folders and prefixes of the bucket: what lies there, its bytes, and putting it away.

A folder is opened from the watched root downwards, step by step and never through a link; what is read in it and
moved within it is named relative to the open folder, so that nobody can bend the way in between.
"""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from django.conf import settings

from core.errors import Conflict
from core.kept_files.storage import kept_storage
from leads.models import PlaceKind, WatchedPlace
from leads.services.arriving.places import DONE, FAILED

CHUNK = 256 * 1024
# What programs call a file that they are still writing.
UNFINISHED = (
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".crdownload",
    ".uploading",
    ".swp",
    "~",
    ".lock",
)
MOST_NAMES = 10_000
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class StillWritten(Exception):
    """A file changed while it was read: it is looked at again later."""


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that lies in a place. `stamp` is another one once it was written anew; `refusal`: (code, why)."""

    name: str
    size: int
    stamp: str
    is_complete: bool
    refusal: tuple[str, str] | None = None


class Files:
    """What lies in a place; of one look."""

    def waiting(self, seen: Mapping[str, Any]) -> list[WaitingFile]:
        """Return the files, by name. `seen`: name → stamp at the last look."""
        raise NotImplementedError

    def chunks(self, file: WaitingFile) -> Iterator[bytes]:
        """Yield the bytes of a file. Raises StillWritten where it is another one by the end."""
        raise NotImplementedError

    def identity(self, file: WaitingFile) -> str:
        """Return what tells a file by where it lies and what it holds."""
        raise NotImplementedError

    def put_away(self, file: WaitingFile, into: str, day: date, number: int) -> bool:
        """Move a file to a folder beside it; False where it is not there any more, or another one by now."""
        raise NotImplementedError


def opened(place: WatchedPlace) -> AbstractContextManager[Files]:
    """Open a watched folder or prefix. Raises Conflict where it cannot be, OSError and errors of S3."""
    return _open_bucket(place) if place.kind == PlaceKind.BUCKET else _open_folder(place)


def digest(*parts: str) -> str:
    """A digest of texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def is_hidden(name: str) -> bool:
    """Whether a name says that a file is nobody's business, or not finished."""
    return name.startswith((".", "~$")) or name.lower().endswith(UNFINISHED)


def too_large(size: int) -> tuple[str, str] | None:
    """The refusal of a file that is larger than any upload may be: it is not even read."""
    if size <= settings.INTAKE_MAX_BYTES:
        return None
    limit = settings.INTAKE_MAX_BYTES // 2**20
    return "file_too_large", f"The file is larger than {limit} MB. Split it and bring the parts one by one."


def _away_name(name: str, number: int, is_taken: bool) -> str:
    stem, dot, ending = name.rpartition(".")
    return (f"{stem}-{number}.{ending}" if dot and stem else f"{name}-{number}") if is_taken else name


# A folder


@contextmanager
def _open_folder(place: WatchedPlace) -> Iterator[Files]:
    if not settings.WATCHED_ROOT:
        raise Conflict("no_root", "This installation watches no folders any more (WATCHED_ROOT).")
    steps = [place.organization.slug, *filter(None, place.path.split("/"))]
    handle = os.open(settings.WATCHED_ROOT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for step in steps:
            below = _step_down(handle, step)
            os.close(handle)
            handle = below
        yield FolderFiles(place, handle)
    finally:
        os.close(handle)


def _step_down(handle: int, name: str, *, makes: bool = False) -> int:
    """Open a folder within an open one. Raises Conflict where it is a link, or no folder."""
    if makes:
        with suppress(FileExistsError):
            os.mkdir(name, 0o770, dir_fd=handle)
    try:
        return os.open(name, OPEN_FOLDER, dir_fd=handle)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Conflict("no_folder", f"“{name}” is a link or no folder: it is not gone into.") from None
        if error.errno == errno.ENOENT:
            raise Conflict(
                "no_folder", f"There is no folder “{name}”. Make it, or choose another one."
            ) from None
        raise


class FolderFiles(Files):
    """A folder on the disk."""

    def __init__(self, place: WatchedPlace, handle: int) -> None:
        self.place = place
        self.handle = handle

    def waiting(self, seen: Mapping[str, Any]) -> list[WaitingFile]:
        found: list[WaitingFile] = []
        with os.scandir(self.handle) as entries:
            for entry in entries:
                if len(found) >= MOST_NAMES:
                    break
                # What is called as our own folders stays, whatever it is.
                if is_hidden(entry.name) or entry.name in (DONE, FAILED):
                    continue
                if (file := self._looked_at(entry, seen)) is not None:
                    found.append(file)
        return sorted(found, key=lambda file: file.name)

    def _looked_at(self, entry: "os.DirEntry[str]", seen: Mapping[str, Any]) -> WaitingFile | None:
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(facts.st_mode):
            return None
        stamp = _stamp(facts)
        # A text with bytes that are no letters could be stored nowhere.
        is_named = entry.name.isprintable() and len(entry.name) <= 255 and "�" not in entry.name
        if not stat.S_ISREG(facts.st_mode) or not is_named:
            why = "Links, devices and files with unreadable names are not taken."
            return WaitingFile(entry.name, 0, stamp, True, ("not_a_file", why))
        age = time.time() - facts.st_mtime
        # Of a clock that is ahead of ours nothing can be told but that the file stays as it is.
        has_settled = age >= settings.WATCHED_SETTLE_SECONDS or age < 0
        is_complete = seen.get(entry.name) == stamp and has_settled
        return WaitingFile(entry.name, facts.st_size, stamp, is_complete, too_large(facts.st_size))

    def chunks(self, file: WaitingFile) -> Iterator[bytes]:
        try:
            handle = os.open(file.name, OPEN_FILE, dir_fd=self.handle)
        except FileNotFoundError:
            raise StillWritten from None
        with os.fdopen(handle, "rb", buffering=0) as content:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise StillWritten
            while chunk := content.read(CHUNK):
                yield chunk
            if _stamp(os.fstat(handle)) != file.stamp:
                raise StillWritten

    def identity(self, file: WaitingFile) -> str:
        where = f"{self.place.path}/{file.name}"
        if file.refusal is not None:
            return digest(where, file.stamp)
        content = hashlib.sha256()
        for chunk in self.chunks(file):
            content.update(chunk)
        return digest(where, content.hexdigest())

    def put_away(self, file: WaitingFile, into: str, day: date, number: int) -> bool:
        if not self._is_there(self.handle, file.name, file.stamp):
            return False
        home = _step_down(self.handle, into, makes=True)
        try:
            folder = _step_down(home, day.isoformat(), makes=True)
        finally:
            os.close(home)
        try:
            name = _away_name(file.name, number, self._is_there(folder, file.name))
            os.rename(file.name, name, src_dir_fd=self.handle, dst_dir_fd=folder)
            if self._is_there(folder, name, file.stamp):
                return True
            # Somebody put another one in its place at this very moment: it was not taken, so it goes back.
            os.rename(name, file.name, src_dir_fd=folder, dst_dir_fd=self.handle)
            return False
        finally:
            os.close(folder)

    @staticmethod
    def _is_there(handle: int, name: str, stamp: str = "") -> bool:
        try:
            facts = os.stat(name, dir_fd=handle, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return not stamp or _stamp(facts) == stamp


def _stamp(facts: os.stat_result) -> str:
    return f"{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


# A prefix of the bucket


@contextmanager
def _open_bucket(place: WatchedPlace) -> Iterator[Files]:
    storage: Any = kept_storage()
    if storage.is_local:
        raise Conflict("no_bucket", "This installation has no bucket any more (S3_BUCKET).")
    yield BucketFiles(place, storage)


class BucketFiles(Files):
    """A prefix of the bucket. What lies there is whole: S3 shows nothing that is still being sent."""

    def __init__(self, place: WatchedPlace, storage: Any) -> None:
        self.place = place
        self.bucket = storage.bucket_name
        self.client = storage.connection.meta.client
        steps = [settings.WATCHED_PREFIX, place.organization.slug, *filter(None, place.path.split("/"))]
        self.prefix = storage._normalize_name("/".join(steps)) + "/"

    def waiting(self, seen: Mapping[str, Any]) -> list[WaitingFile]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, Delimiter="/", PaginationConfig={"MaxItems": MOST_NAMES}
        )
        found = []
        for page in pages:
            for each in page.get("Contents", []):
                name = each["Key"].removeprefix(self.prefix)
                if not name or is_hidden(name):
                    continue
                refusal = too_large(each["Size"])
                if not name.isprintable() or len(name) > 255:
                    refusal = "not_a_file", "Files with unreadable names are not taken."
                found.append(WaitingFile(name, each["Size"], each["ETag"], True, refusal))
        return found

    def chunks(self, file: WaitingFile) -> Iterator[bytes]:
        try:
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.prefix + file.name, IfMatch=file.stamp
            )
        except ClientError as error:
            if _is_gone(error):
                raise StillWritten from None
            raise
        yield from answer["Body"].iter_chunks(CHUNK)

    def identity(self, file: WaitingFile) -> str:
        # The bucket's own digest of what it holds.
        return digest(f"{self.place.path}/{file.name}", file.stamp)

    def put_away(self, file: WaitingFile, into: str, day: date, number: int) -> bool:
        key, folder = self.prefix + file.name, f"{self.prefix}{into}/{day.isoformat()}/"
        if self._stamp_of(key) != file.stamp:
            return False
        target = folder + _away_name(file.name, number, self._stamp_of(folder + file.name) is not None)
        try:
            self.client.copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource={"Bucket": self.bucket, "Key": key},
                CopySourceIfMatch=file.stamp,
            )
        except ClientError as error:
            if _is_gone(error):
                return False
            raise
        if self._stamp_of(key) != file.stamp:
            return False
        self.client.delete_object(Bucket=self.bucket, Key=key)
        return True

    def _stamp_of(self, key: str) -> str | None:
        try:
            return str(self.client.head_object(Bucket=self.bucket, Key=key)["ETag"])
        except ClientError as error:
            if _is_gone(error):
                return None
            raise


def _is_gone(error: ClientError) -> bool:
    """Whether S3 says that an object is not there, or another one by now."""
    code = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code in (404, 409, 412)
