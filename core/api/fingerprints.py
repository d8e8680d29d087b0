"""The digest of a call's body: equal for a call that is made again, whatever its client did to send it."""

import hashlib
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from rest_framework.request import Request

MULTIPART = "multipart/form-data"


def body_sha256(request: Request) -> str:
    """Return the SHA-256 of the body in hexadecimal digits.

    Of a form with files, that of its names, values and files: each sending has boundaries of its own.
    """
    if request.content_type.startswith(MULTIPART) and any(
        each.media_type == MULTIPART for each in (request.parsers or ())
    ):
        return _form_sha256(request._request)
    return hashlib.sha256(request._request.body).hexdigest()


def _form_sha256(request: HttpRequest) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(request.POST.lists()):
        _add(digest, [name, *values])
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            assert isinstance(file, UploadedFile)
            _add(digest, ["", name, file.name or "", _file_sha256(file)])
    return digest.hexdigest()


def _file_sha256(file: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", parts: Iterable[object]) -> None:
    """Add texts, each with its length, so that no two forms read the same."""
    for part in parts:
        encoded = str(part).encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    digest.update(b";")
