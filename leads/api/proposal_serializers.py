"""What calls about proposals may hold, and the shape of their answers."""

from typing import Any

from rest_framework import serializers

from core.api.jobs import JobSerializer
from core.api.serializers import Body, TextField
from leads.api.import_serializers import UploadField
from leads.proposals.readings import OFFERED


class ProposalUploadBody(Body):
    """A file whose columns propose fields, as a form (`multipart/form-data`)."""

    file = UploadField(help_text="CSV, TSV, XLSX, XLS or ODS.")
    line = TextField(
        max_length=60,
        required=False,
        help_text="The code of the business line that the fields are for; it need not be there yet.",
    )


class ApplyBody(Body):
    """What to make of a proposal; everything left out is as proposed."""

    line = TextField(
        max_length=60, required=False, help_text="The code of the line, made where it is not there."
    )
    name = TextField(max_length=200, required=False, help_text="What a new line is called.")
    fields = serializers.ListField(
        child=serializers.DictField(),
        required=False,
        max_length=500,
        help_text="The fields in the configuration file's form: `key`, `label`, `type` and the settings beside.",
    )
    duplicate_match = serializers.ListField(
        child=TextField(max_length=120), required=False, max_length=20, help_text="What tells a repeat."
    )


class EvidenceSerializer(serializers.Serializer[Any]):
    """What was counted over the whole file."""

    column = serializers.CharField()
    filled = serializers.IntegerField(min_value=0)
    blank = serializers.IntegerField(min_value=0)
    distinct = serializers.IntegerField(min_value=0, help_text="Different values, case aside.")
    distinct_is_exact = serializers.BooleanField()
    examples = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField(help_text="Why this type.")
    notes = serializers.ListField(child=serializers.CharField())
    least = serializers.CharField(required=False)
    most = serializers.CharField(required=False)
    nearly = serializers.DictField(required=False, help_text="A type that all but some values have.")


class ProposedFieldSerializer(serializers.Serializer[Any]):
    """A field that a column proposes."""

    key = serializers.CharField()
    label = serializers.CharField()
    type = serializers.CharField(help_text=f"One of {', '.join(OFFERED)}.")
    settings = serializers.DictField(help_text="The other settings, as in the configuration file.")
    exists = serializers.BooleanField(help_text="The line has a field for the column, which stays as it is.")
    evidence = EvidenceSerializer()


class DroppedColumnSerializer(serializers.Serializer[Any]):
    """A column that becomes no field."""

    column = serializers.CharField(help_text="Its letter.")
    header = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    filled = serializers.IntegerField(min_value=0)
    reason = serializers.CharField()


class ProposalSerializer(serializers.Serializer[Any]):
    """What a file proposes."""

    rows = serializers.IntegerField(min_value=0)
    sheet = serializers.CharField(allow_blank=True)
    header_row = serializers.IntegerField(min_value=1)
    fields = ProposedFieldSerializer(many=True)  # type: ignore[assignment]
    dropped = DroppedColumnSerializer(many=True)
    duplicate_match = serializers.ListField(child=serializers.CharField())
    notices = serializers.ListField(child=serializers.CharField())


class StoredProposalSerializer(serializers.Serializer[Any]):
    """A file that was taken to propose fields."""

    id = serializers.IntegerField()
    filename = serializers.CharField()
    line = serializers.CharField(allow_null=True)
    job = JobSerializer()
    proposal = ProposalSerializer(allow_null=True, help_text="Null until the job is done.")
    applied_to = serializers.CharField(allow_null=True, help_text="The line that was made of it.")
    address = serializers.URLField()


class AppliedSerializer(serializers.Serializer[Any]):
    """What became of a proposal."""

    line = serializers.CharField()
    is_new = serializers.BooleanField()
    version = serializers.IntegerField(min_value=1)
    added = serializers.ListField(child=serializers.CharField(), help_text="The keys of new fields.")
    kept = serializers.ListField(child=serializers.CharField(), help_text="Those that the line had already.")
    schema = serializers.URLField()
