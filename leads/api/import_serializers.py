"""What an upload may hold, and the shape of answers about imports."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api.bodies import read_json
from core.api.jobs import JobSerializer
from core.api.serializers import Body, TextField
from core.models import IntakeState
from core.models.saved_mapping import LONGEST_MAPPING_NAME
from core.rules.values import is_storable_text
from leads.models.line import ON_DUPLICATE

# Of any file's header, with names of any length that is one.
LONGEST_MAPPING = 200_000


@extend_schema_field(OpenApiTypes.BINARY)
class UploadField(serializers.FileField):
    """A file that comes in."""


class UploadBody(Body):
    """A file of leads, as a form (`multipart/form-data`)."""

    file = UploadField(help_text="CSV, TSV, XLSX, XLS or ODS.")
    line = TextField(max_length=60, help_text="The code of the business line that it goes into.")
    on_duplicate = serializers.ChoiceField(
        choices=ON_DUPLICATE, required=False, help_text="Of a repeat, instead of what the line says."
    )
    mapping = serializers.CharField(
        required=False,
        max_length=LONGEST_MAPPING,
        help_text=(
            'JSON: the field of each column that is not matched by name, such as `{"Mobile No.": "mobile"}`, null for'
            " a column that is not read; or a list with the field of every column, in order."
        ),
    )
    saved_mapping = TextField(
        max_length=LONGEST_MAPPING_NAME,
        required=False,
        help_text="The name of a saved mapping. Without it: the one that was saved for the file's header, if any.",
    )
    accept_drift = serializers.BooleanField(
        required=False,
        help_text=(
            "Where the header differs from that of the saved mapping: take what is suggested, instead of refusing the"
            " file (`mapping_drift`)."
        ),
    )
    remember_as = TextField(
        max_length=LONGEST_MAPPING_NAME,
        required=False,
        help_text="Save how the columns are read under this name, for files with the same header.",
    )
    dry_run = serializers.BooleanField(required=False, help_text="Judge every row and write none.")

    def validate_mapping(self, text: str) -> dict[str, str] | list[str]:
        """Return the fields by header, or by place."""
        read = read_json(text)
        named = [*read, *read.values()] if isinstance(read, dict) else read if isinstance(read, list) else [0]
        if not all(each is None or (isinstance(each, str) and is_storable_text(each)) for each in named):
            raise serializers.ValidationError(
                'Write an object such as {"Mobile No.": "mobile"}, or a list with a field or null for each column.',
                "invalid",
            )
        if isinstance(read, dict):
            return {header: field or "" for header, field in read.items()}
        return [field or "" for field in read]


class ColumnSerializer(serializers.Serializer[Any]):
    """A column of the file."""

    header = serializers.CharField(allow_blank=True)
    target = serializers.CharField(
        allow_null=True,
        help_text="The key of the field that it fills, `@source` or `@campaign`; null: not read.",
    )
    suggested = serializers.CharField(
        allow_null=True, help_text="What it looks like, where nothing is matched."
    )


class NoticeSerializer(serializers.Serializer[Any]):
    """What should be known though the file is read."""

    code = serializers.CharField()
    message = serializers.CharField()


class CountsSerializer(serializers.Serializer[Any]):
    """Rows: `data_rows` are all of `accepted`, `rejected`, `duplicate` and `held`."""

    data_rows = serializers.IntegerField(min_value=0)
    accepted = serializers.IntegerField(min_value=0)
    updated = serializers.IntegerField(min_value=0, help_text="Of the accepted: leads that were there.")
    rejected = serializers.IntegerField(min_value=0)
    duplicate = serializers.IntegerField(min_value=0)
    held = serializers.IntegerField(min_value=0)
    reasons = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rejected rows by `field:code`; a row may have several."
    )


class PauseSerializer(serializers.Serializer[Any]):
    """The pause of an import."""

    at = serializers.DateTimeField(allow_null=True, help_text="Null until the current batch has ended.")
    by = serializers.CharField(allow_blank=True, help_text="Who asked for it.")


class RollbackSerializer(serializers.Serializer[Any]):
    """What taking an import back did."""

    withdrawn = serializers.IntegerField(min_value=0, help_text="Leads that it had made.")
    restored = serializers.IntegerField(
        min_value=0, help_text="Leads that it had changed, as they were before."
    )
    kept_edited = serializers.ListField(
        child=serializers.CharField(),
        help_text="References of leads that stay as they are: somebody has worked on them since.",
    )


class ImportSerializer(serializers.Serializer[Any]):
    """A file on its way in."""

    id = serializers.IntegerField()
    line = serializers.CharField(help_text="The code of the business line that it goes into.")
    filename = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    state = serializers.ChoiceField(choices=IntakeState.choices)
    error = serializers.CharField(allow_blank=True, help_text="Why the work ended early.")
    columns = ColumnSerializer(many=True)
    saved_mapping = serializers.CharField(
        allow_null=True, help_text="The name of the saved mapping that its columns are read by."
    )
    notices = NoticeSerializer(many=True)
    counts = CountsSerializer(help_text="As far as the load has come.")
    check = CountsSerializer(allow_null=True, help_text="Of the last dry run.")
    corrects = serializers.IntegerField(
        allow_null=True, help_text="The import whose rejected rows this file brings back, corrected."
    )
    job = JobSerializer(allow_null=True, help_text="At work now, or last.")
    paused = PauseSerializer(allow_null=True, help_text="Null where nobody has paused the work.")
    rollback = RollbackSerializer(allow_null=True, help_text="Null until it has been taken back.")
    created = serializers.DateTimeField()
    created_by = serializers.CharField(allow_blank=True)
    finished = serializers.DateTimeField(allow_null=True)
    address = serializers.URLField()
    errors = serializers.URLField(allow_null=True, help_text="The error workbook, where rows stayed out.")


class ImportPageSerializer(serializers.Serializer[Any]):
    """One page of imports."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ImportSerializer(many=True)
