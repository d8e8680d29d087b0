"""Types whose values are kept files: a document, a picture.

The value says what people read of it (`{"id": 17, "name": "payslip.pdf", "size": 81236, "type": "application/pdf"}`),
so that lists, exports and history need no other table. The bytes are `core.kept_files`'.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from core.kept_files.kinds import KINDS, PICTURES
from core.kept_files.links import read_held
from core.models import StoredFile
from core.rules import Kind
from core.services.files import MEGABYTE, FileLimits
from core.values import EMPTY, Coerced, Refused, reasons, strip_text
from leads.fields.behaviour import CaptureContext, FieldType
from leads.fields.definition import FieldDefinition

PURPOSE = "leads.field"
MOST_MEGABYTES = 25
USUAL_MEGABYTES = 10
LONGEST_NUMBER = 18


def about_field(line_id: int, key: str) -> str:
    """What a file handed in for a field of a line is about."""
    return f"{line_id}/{key}"


def limits_of_field(item: FieldDefinition) -> FileLimits:
    """What a field takes: without settings, documents and pictures up to 10 MB."""
    is_picture = FIELD_KINDS[item.type].as_picture
    kinds = item.accept or (PICTURES if is_picture else tuple(KINDS))
    return FileLimits(kinds, (item.max_size_mb or USUAL_MEGABYTES) * MEGABYTE, is_picture)


def value_of(file: StoredFile) -> dict[str, Any]:
    """A kept file as the value of a field."""
    return {"id": file.pk, "name": file.name, "size": file.size, "type": file.content_type}


def written_file(raw: Any) -> str | None:
    """The number of the file that is meant: by number, by the API's object, or by what a form carries.

    None where nothing is written, "" where what is written means no file.
    """
    if isinstance(raw, Mapping):
        if not raw:
            return None
        raw = raw.get("id") or "?"
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return ""
    if isinstance(raw, int | Decimal):
        is_number = raw == int(raw) and 0 < raw < 10**LONGEST_NUMBER
        return str(int(raw)) if is_number else ""
    text = strip_text(raw)
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return str(int(text)) if len(text) <= LONGEST_NUMBER else ""
    held = read_held(text)
    return str(held.file_id) if held else ""


class File(FieldType):
    """A kept file. Rules and filters ask only whether it is there."""

    rule_kind = Kind.PRESENCE
    can_index = False
    refers_to = "files"
    comes_in_files = False
    as_picture: ClassVar[bool] = False

    def coerce(self, field: FieldDefinition, raw: Any, context: CaptureContext) -> Coerced | Refused:
        written = written_file(raw)
        if written is None:
            return EMPTY
        found = context.known.files.get(f"{field.key}/{written}")
        return Refused(reasons.FILE_UNKNOWN) if found is None else Coerced(found)

    def stored(self, value: Any) -> Any:
        return value

    def schema(self, field: FieldDefinition) -> dict[str, Any]:
        properties = {
            "id": {"type": "integer", "minimum": 1},
            "name": {"type": "string"},
            "size": {"type": "integer", "minimum": 0, "description": "Bytes."},
            "type": {"type": "string"},
        }
        return {"type": "object", "properties": properties, "required": ["id"], "additionalProperties": False}

    def cell(self, field: FieldDefinition, stored: Any) -> Any:
        return stored["name"]


class Picture(File):
    """A kept picture: drawn anew when it is handed in, and shown in pages."""

    as_picture = True


FIELD_KINDS: dict[str, type[File]] = {"file": File, "image": Picture}
