"""What bodies of leads may hold, and the shape of answers.

Answers are made by `leads.presentation`; their serializers describe them.
"""

from typing import Any

from rest_framework import serializers

from core.api.description import ErrorSerializer
from core.api.serializers import Body, TextField
from core.idempotency.keys import LONGEST as LONGEST_KEY
from leads.models import BusinessLine, LeadStatus
from leads.services.origins import LONGEST_NAME, origin_key

MOST_ITEMS = 1_000
KINDS = (
    "created",
    "changed",
    "repeated",
    "withdrawn",
    "restored",
    "merged",
    "separated",
    "note",
    "planned",
    "done",
    "attached",
    "removed",
    "engaged",
    "tagged",
    "untagged",
    "stalled",
)
ORIGIN = {"required": False, "allow_null": True, "allow_blank": True, "max_length": LONGEST_NAME}


class LeadChange(Body):
    """What may be set of a lead: fields of its line in `data`, and four attributes beside them.

    Pass `line` in the context once it is known: its stages are its own.
    """

    data = serializers.DictField(
        required=False,
        help_text="Values by field key. Numbers as JSON numbers or as text; null empties a field.",
    )
    status = serializers.ChoiceField(choices=LeadStatus.choices, required=False)
    stage = TextField(required=False, max_length=60, help_text="One of the line's stages.")
    source = TextField(**ORIGIN, help_text="By name; a new one is made. Null for none.")
    campaign = TextField(**ORIGIN, help_text="By name; a new one is made. Null for none.")

    def validate_source(self, name: str | None) -> str | None:
        """Refuse a name that cannot be one."""
        return _origin(name)

    def validate_campaign(self, name: str | None) -> str | None:
        """Refuse a name that cannot be one."""
        return _origin(name)

    @property
    def attributes(self) -> dict[str, Any]:
        """What is given beside `data` and `line`."""
        return {name: value for name, value in self.validated_data.items() if name not in ("data", "line")}

    def check_stage(self, line: BusinessLine) -> None:
        """Refuse a stage that is none of the line's. Raises serializers.ValidationError."""
        refuse_stage(line, self.validated_data.get("stage"))


def refuse_stage(line: BusinessLine, stage: str | None) -> None:
    """Refuse a stage that is none of the line's. Raises serializers.ValidationError."""
    if stage is not None and stage not in line.stages:
        known = ", ".join(line.stages)
        raise serializers.ValidationError(
            {"stage": [serializers.ErrorDetail(f"“{stage}” is no stage here. Use one of {known}.", "choice")]}
        )


class NewLead(LeadChange):
    """An enquiry to write down."""

    line = TextField(max_length=60, help_text="The code of the business line.")
    data = serializers.DictField(help_text="Values by field key: see the line's schema.")


class BatchItem(NewLead):
    """An enquiry of a batch."""

    idempotency_key = TextField(
        required=False,
        allow_null=True,
        trim_whitespace=False,
        max_length=LONGEST_KEY,
        help_text="Of this enquiry: sent again, in whatever batch, it is not written again.",
    )


class BatchBody(Body):
    """Many enquiries."""

    leads = serializers.ListField(
        child=BatchItem(), min_length=1, max_length=MOST_ITEMS, help_text=f"At most {MOST_ITEMS:,}."
    )


def _origin(name: str | None) -> str | None:
    if name and not origin_key(name):
        raise serializers.ValidationError("Write a name of letters and digits.", "invalid")
    return name


class PersonSerializer(serializers.Serializer[Any]):
    """A member of the organisation."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class LeadSerializer(serializers.Serializer[Any]):
    """A lead as you may see it: hidden fields are absent, masked values stand as their mask."""

    reference = serializers.CharField()
    line = serializers.CharField(help_text="The code of its business line.")
    version = serializers.IntegerField(help_text="Of the line, when the lead was last captured or edited.")
    name = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True, help_text="In E.164.")
    email = serializers.CharField(allow_null=True)
    amount = serializers.CharField(allow_null=True, help_text="A decimal as text.")
    city = serializers.CharField(allow_null=True)
    region = serializers.CharField(allow_null=True)
    currency = serializers.CharField(help_text="Of the line.")
    status = serializers.ChoiceField(choices=LeadStatus.choices)
    stage = serializers.CharField(allow_blank=True)
    score = serializers.IntegerField(allow_null=True, help_text="By the score rules of its line.")
    stalled_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when nothing has happened that a rule waits for."
    )
    owner = PersonSerializer(allow_null=True)
    team = PersonSerializer(allow_null=True)
    source = serializers.CharField(allow_null=True)
    campaign = serializers.CharField(allow_null=True)
    repeat_enquiries = serializers.IntegerField(min_value=0)
    tags = serializers.ListField(child=serializers.CharField(), help_text="By name.")
    data = serializers.DictField(
        child=serializers.JSONField(),
        help_text="Values by field key: numbers as text, days and moments in ISO form, moments in UTC.",
    )
    masked = serializers.ListField(
        child=serializers.CharField(), help_text="What is masked for you: attributes, and data.<key>."
    )
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()


class LeadPageSerializer(serializers.Serializer[Any]):
    """One page of leads."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LeadSerializer(many=True)
    count = serializers.IntegerField(
        allow_null=True, help_text="How many leads the list has, where it is known."
    )
    count_estimate = serializers.IntegerField(help_text="The same, or at least so many.")
    slow = serializers.ListField(
        child=serializers.CharField(), help_text="What made this list slower than an index would, and why."
    )


class BatchResultSerializer(serializers.Serializer[Any]):
    """What became of one enquiry of a batch."""

    index = serializers.IntegerField(min_value=0, help_text="Its place in `leads`, from 0.")
    status = serializers.IntegerField(
        help_text="The status that the enquiry would have been answered with alone."
    )
    reference = serializers.CharField(
        allow_null=True,
        help_text="Of the lead made (201), updated (200) or repeated (409); null where there is none for you.",
    )
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]
    idempotency_key = serializers.CharField(allow_null=True)
    replayed = serializers.BooleanField(
        help_text="Whether the enquiry was written down before, under its key."
    )


class BatchAnswerSerializer(serializers.Serializer[Any]):
    """What became of a batch: `accepted`, `duplicate` and `rejected` enquiries are all of them."""

    accepted = serializers.IntegerField(min_value=0, help_text="Leads made or updated.")
    updated = serializers.IntegerField(min_value=0, help_text="Of these, leads that were there.")
    duplicate = serializers.IntegerField(
        min_value=0, help_text="Repeats, counted on the lead that they repeat."
    )
    rejected = serializers.IntegerField(min_value=0)
    results = BatchResultSerializer(many=True)


class LineSerializer(serializers.Serializer[Any]):
    """A business line."""

    code = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    version = serializers.IntegerField(help_text="In force; 0 while nothing is published.")
    stages = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField(help_text="Whether leads may be captured with it.")
    schema = serializers.URLField()


class LinePageSerializer(serializers.Serializer[Any]):
    """All lines, on one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LineSerializer(many=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """A value that changed, in words; "" is nothing."""

    name = serializers.CharField(help_text="An attribute, or data.<key>.")
    label = serializers.CharField()
    old = serializers.CharField(allow_blank=True)
    new = serializers.CharField(allow_blank=True)


class TimelineEntrySerializer(serializers.Serializer[Any]):
    """One thing that happened to a lead."""

    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="Who did it, by name.")
    text = serializers.CharField(help_text="What the actor did, in words.")
    changes = ChangeSerializer(many=True)
    note = serializers.CharField(
        allow_blank=True, help_text="What somebody wrote: the text of a note, what is to follow up."
    )


class TimelinePageSerializer(serializers.Serializer[Any]):
    """One page of a timeline, newest first."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TimelineEntrySerializer(many=True)


class MergedSerializer(serializers.Serializer[Any]):
    """What is told of a lead that became part of another."""

    merged_into = serializers.CharField(help_text="The reference of that other lead.")
