"""What bodies of notes and follow-ups may hold, and the shape of answers."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, TextField
from leads.api.serializers import PersonSerializer

LARGEST_ID = 2**63 - 1


class NoteBody(Body):
    """A note."""

    text = TextField(
        allow_blank=True,
        trim_whitespace=False,
        help_text="At most 5,000 characters. `@` and the name of a colleague who sees the lead tells them.",
    )


class NoteSerializer(serializers.Serializer[Any]):
    """A note, as you may read it."""

    id = serializers.IntegerField()
    lead = serializers.CharField(help_text="The reference of its lead.")
    text = serializers.CharField(help_text="Personal data in it is masked for who may not edit the lead.")
    author = PersonSerializer()
    created = serializers.DateTimeField()
    corrected = serializers.DateTimeField(allow_null=True)


class FollowUpChange(Body):
    """What may be changed of a follow-up. Pass `zone` in the context."""

    what = TextField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="At most 500 characters."
    )
    due_at = serializers.DateTimeField(
        required=False,
        help_text="To come, at most five years ahead; without an offset in the organisation's timezone.",
    )
    assignee = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="The number of yourself, or of somebody to whom you may give leads and who works this one.",
    )
    done = serializers.BooleanField(required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "zone" in self.context:
            self.fields["due_at"].timezone = self.context["zone"]  # type: ignore[attr-defined]


class NewFollowUp(FollowUpChange):
    """Something to do about a lead."""

    what = TextField(allow_blank=True, trim_whitespace=False, help_text="At most 500 characters.")
    due_at = serializers.DateTimeField(
        help_text="To come, at most five years ahead; without an offset in the organisation's timezone."
    )
    done = None


class FollowUpSerializer(serializers.Serializer[Any]):
    """Something to do about a lead."""

    id = serializers.IntegerField()
    lead = serializers.CharField(help_text="The reference of its lead.")
    what = serializers.CharField(help_text="Personal data in it is masked for who may not edit the lead.")
    due_at = serializers.DateTimeField(help_text="Once it has passed, the follow-up is overdue.")
    assignee = PersonSerializer(allow_null=True, help_text="Null while the lead is nobody's.")
    author = PersonSerializer()
    done = serializers.BooleanField()
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = PersonSerializer(allow_null=True)
    created = serializers.DateTimeField()
