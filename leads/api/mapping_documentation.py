"""What the OpenAPI description says of saved mappings, and the shapes of their bodies and answers."""

from typing import Any

from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from accounts.api.documentation import example, listing
from core.api.description import PRECONDITIONS, READS_VERSION, answer, error_answer
from core.api.serializers import Body, TextField
from core.models import SavedMapping
from core.models.saved_mapping import LONGEST_MAPPING_NAME

TAGS = ["Imports"]
STATES = [(each, each) for each in ("read", "unread", "retired", "hidden")]
MAPPING = {
    "id": 6,
    "name": "Website enquiries",
    "line": "rooftop_solar",
    "columns_count": 3,
    "created": "2026-01-15T09:30:00+00:00",
    "created_by": "Meera Iyer",
    "used": "2026-02-02T07:10:00+00:00",
    "may_change": True,
    "address": "https://leads.example.com/api/v1/imports/mappings/6",
}
COLUMNS = [
    {"header": "Handy No.", "state": "read", "target": "mobile", "label": "Mobile"},
    {"header": "Remarks", "state": "unread", "target": None, "label": None},
    {"header": "Rating", "state": "hidden", "target": None, "label": None},
]


class MappingFilter(FilterSet):
    """By the line that files are loaded into."""

    line = CharFilter(field_name="target", help_text="The code of a line.")

    class Meta:
        model = SavedMapping
        fields = ("line",)


class MappingChange(Body):
    """What may be changed of a saved mapping. How it reads columns is changed by a file (`remember_as`)."""

    name = TextField(max_length=LONGEST_MAPPING_NAME)


class SavedMappingSerializer(serializers.Serializer[Any]):
    """How the columns of a kind of file are read, for the next one with that header."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="What `saved_mapping` of an import takes.")
    line = serializers.CharField(help_text="The code of the business line that such files go into.")
    columns_count = serializers.IntegerField(min_value=0)
    created = serializers.DateTimeField()
    created_by = serializers.CharField(allow_blank=True)
    used = serializers.DateTimeField(
        allow_null=True, help_text="When the last file came in that it reads; null: none has."
    )
    may_change = serializers.BooleanField()
    address = serializers.URLField()


class MappedColumnSerializer(serializers.Serializer[Any]):
    """A column of such files."""

    header = serializers.CharField()
    state = serializers.ChoiceField(
        choices=STATES,
        help_text="`unread`: left out; `retired`: its field is gone; `hidden`: you do not see its field.",
    )
    target = serializers.CharField(
        allow_null=True, help_text="The key of the field that it fills, `@source` or `@campaign`."
    )
    label = serializers.CharField(allow_null=True)


class SavedMappingWithColumnsSerializer(SavedMappingSerializer):
    """A saved mapping with what it reads."""

    columns = MappedColumnSerializer(many=True)


SHOWN = answer(SavedMappingWithColumnsSerializer, "The mapping.", {**MAPPING, "columns": COLUMNS})
NOT_YOURS = error_answer(
    "You may not change it.",
    "permission_denied",
    "The saved mapping “Website enquiries” is another person's. Ask operations to change it.",
)
LIST_MAPPINGS = listing(
    "list_saved_mappings",
    "How files were matched",
    TAGS,
    SavedMappingSerializer,
    MAPPING,
    MappingFilter,
    "`name`, `created`",
    description="All who load files share them.",
)
READ_MAPPING: dict[str, Any] = {
    "operation_id": "read_saved_mapping",
    "summary": "How one kind of file is matched",
    "tags": TAGS,
    "parameters": READS_VERSION,
    "responses": {200: SHOWN},
}
CHANGE_MAPPING: dict[str, Any] = {
    "operation_id": "rename_saved_mapping",
    "summary": "Rename a saved mapping",
    "description": "Who saved it may, and who loads all files.",
    "tags": TAGS,
    "parameters": PRECONDITIONS,
    "request": MappingChange,
    "examples": [example("another name", {"name": "Enquiries of the web site"})],
    "responses": {
        200: SHOWN,
        400: error_answer("The name is wrong.", "blank", "This field may not be blank.", "name"),
        403: NOT_YOURS,
        409: error_answer(
            "Another mapping of this line has the name.",
            "mapping_exists",
            "Another saved mapping is named “Website enquiries” or has these columns. Choose another name.",
        ),
    },
}
DELETE_MAPPING: dict[str, Any] = {
    "operation_id": "delete_saved_mapping",
    "summary": "Forget a saved mapping",
    "description": "What was loaded by it stays. The next file with these columns is matched by their names again.",
    "tags": TAGS,
    "parameters": PRECONDITIONS[:1],
    "responses": {204: OpenApiResponse(None, "It is forgotten."), 403: NOT_YOURS},
}
