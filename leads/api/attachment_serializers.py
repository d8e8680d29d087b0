"""What bodies of attachments may hold, the shape of answers, and the parameters of their list."""

from typing import Any

import django_filters as filters
from rest_framework import serializers

from core.api.serializers import Body, TextField
from leads.api.files import KeptFileSerializer
from leads.api.serializers import PersonSerializer
from leads.models import AttachmentKind, LeadAttachment
from leads.services.attachments import LONGEST_LABEL


class NewAttachment(Body):
    """A file for a lead, as a form (`multipart/form-data`)."""

    kind = serializers.ChoiceField(choices=AttachmentKind.choices)
    label = TextField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_LABEL,
        help_text="What it is called; without it, as the file is.",
    )
    file = serializers.FileField(allow_empty_file=True, max_length=None, help_text="The bytes.")


class AttachmentSerializer(serializers.Serializer[Any]):
    """A file on a lead, as you may know of it."""

    id = serializers.IntegerField()
    lead = serializers.CharField(help_text="The reference of its lead.")
    kind = serializers.ChoiceField(choices=AttachmentKind.choices)
    label = serializers.CharField(help_text="Dots where the file is closed to you.")
    file = KeptFileSerializer(
        allow_null=True, help_text="Null where it is closed to you: KYC, of a lead that you may not edit."
    )
    author = PersonSerializer(
        allow_null=True, help_text="Null where it came with an enquiry through a public form."
    )
    created = serializers.DateTimeField()


class AttachmentFilter(filters.FilterSet):
    """Of the attachments of a lead."""

    kind = filters.ChoiceFilter(choices=AttachmentKind.choices, label="Only those of this kind.")

    class Meta:
        model = LeadAttachment
        fields: tuple[str, ...] = ()
