"""Kept files in a bucket of anything that speaks S3: Amazon's, MinIO, Ceph, Garage, a provider's object storage.

Imported only where the settings choose it. The bucket is private: pages send the bytes themselves, so that who opens
a link is asked again, and no address of the bucket ever reaches a browser.
"""

from collections.abc import Iterator
from typing import Any

from boto3.s3.transfer import TransferConfig  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]

from core.kept_files.storage import StoredObject

# Larger than any kept file: each is one call, and nothing of an interrupted one stays in the bucket.
ONE_CALL = 256 * 2**20
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 30, 3


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

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield what lies anywhere below a folder, a thousand to a call."""
        home = self._normalize_name("")
        for found in self.bucket.objects.filter(Prefix=self._normalize_name(folder).rstrip("/") + "/"):
            yield StoredObject(found.key.removeprefix(home).lstrip("/"), found.size, found.last_modified)
