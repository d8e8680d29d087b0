"""Kept files in a bucket of anything that speaks S3: Amazon's, MinIO, Ceph, Garage, a provider's object storage.

Imported only where the settings choose it. The bucket is private: pages send the bytes themselves, so that who opens
a link is asked again, and no address of the bucket ever reaches a browser.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from django.core.files.base import File
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from core.errors import Unavailable
from core.kept_files.storage import StoredObject

# Larger than any kept file: each is one call, and nothing of an interrupted one stays in the bucket.
ONE_CALL = 256 * 2**20
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 30, 3
AWAY = "Files can neither be kept nor opened at this moment. Nothing was changed: try again in a few minutes."

log = structlog.get_logger("leadledger.files")


@contextmanager
def _told_when_away() -> Iterator[None]:
    """Say in our words that a bucket does not answer or refuses us; why is for the log. Raises Unavailable."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        log.error("bucket_unavailable", reason=str(error))
        raise Unavailable("files_unavailable", AWAY) from error


class BucketStorage(S3Storage):
    """django-storages' S3 storage as kept files want it (`core.kept_files.storage.KeptStorage`)."""

    is_local = False

    def get_default_settings(self) -> dict[str, Any]:
        """What the settings of the bucket are added to."""
        return {
            **super().get_default_settings(),
            # Names are chosen by chance; that one is taken would be a slip, and is no reason to lose a file.
            "file_overwrite": False,
            "default_acl": "private",
            "querystring_auth": True,
            "object_parameters": {
                "ContentType": "application/octet-stream",
                "ContentDisposition": "attachment",
            },
            "transfer_config": TransferConfig(multipart_threshold=ONE_CALL, use_threads=False),
            "client_config": Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"max_attempts": TRIES, "mode": "standard"},
                # Older servers refuse the checksums that newer clients add unasked.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        }

    def _open(self, name: str, mode: str = "rb") -> File:
        with _told_when_away():
            opened: File[bytes] = super()._open(name, mode)
            # Fetched now: whoever sends the bytes on has begun to answer by then.
            _content = opened.file
            return opened

    def _save(self, name: str, content: Any) -> str:
        with _told_when_away():
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        """Whether something lies under this name. Raises Unavailable."""
        with _told_when_away():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        """Bytes. Raises FileNotFoundError, Unavailable."""
        with _told_when_away():
            return int(super().size(name))

    def delete(self, name: str) -> None:
        """Remove what lies there, if anything does. Raises Unavailable."""
        with _told_when_away():
            super().delete(name)

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield what lies anywhere below a folder, a thousand to a call."""
        home = self._normalize_name("")
        with _told_when_away():
            for found in self.bucket.objects.filter(Prefix=self._normalize_name(folder).rstrip("/") + "/"):
                yield StoredObject(found.key.removeprefix(home).lstrip("/"), found.size, found.last_modified)
