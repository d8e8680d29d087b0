"""How much a public form reads: measured by what is announced, before a byte of it is read here."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from core.services.files import MEGABYTE
from leads.fields.asked import asked_items
from leads.fields.kept_files import FIELD_KINDS
from leads.fields.line import line_definition
from leads.models import FormLink
from leads.services.form_files import limits_of_form

# A form of words and choices is small.
LARGEST_TEXT = 256 * 1024


class NoFiles(FileUploadHandler):
    """Reads past the files of a body: of a call that is turned away, none is kept anywhere."""

    def new_file(self, *arguments: Any, **options: Any) -> None:
        """Pass over the file that begins."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


class FormBody:
    """The body of one call of a form, and what the form lets it hold."""

    def __init__(self, request: HttpRequest, link: FormLink) -> None:
        self.request = request
        asked = asked_items(line_definition(link.line), link.field_keys)
        self._limits = [limits_of_form(item).max_bytes for item in asked if item.type in FIELD_KINDS]
        self._is_form = request.content_type == "multipart/form-data"

    @property
    def brings_files(self) -> bool:
        """Whether it is larger than words can be. Small files do not count: it takes many of them to fill anything."""
        announced = self.request.META.get("CONTENT_LENGTH") or "0"
        return self._is_form and announced.isdecimal() and int(announced) > LARGEST_TEXT

    @property
    def is_too_large(self) -> bool:
        """Whether it is larger than all that the form asks may be together."""
        announced = self.request.META.get("CONTENT_LENGTH") or "0"
        limit = LARGEST_TEXT
        if self._is_form:
            limit += min(sum(self._limits), settings.FORM_FILES_MEGABYTES * MEGABYTE)
        if not announced.isdecimal() or int(announced) > limit:
            return True
        return not self._is_form and len(self.request.body) > LARGEST_TEXT

    def leave_files_out(self) -> None:
        """Read past the files. Nothing of the body is read yet."""
        if self._is_form:
            self.request.upload_handlers = [NoFiles(self.request)]  # type: ignore[assignment]

    @property
    def has_too_much(self) -> bool:
        """Whether it holds more text, or more files, than a person can have put into the form."""
        text = sum(len(each) for _name, values in self.request.POST.lists() for each in values)
        files = sum(len(each) for _name, each in self.request.FILES.lists())
        return text > LARGEST_TEXT or files > len(self._limits)
