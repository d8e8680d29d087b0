"""What bodies of saved views and tags may hold, and the shape of answers."""

from typing import Any

from rest_framework import serializers

from accounts.roles import ROLE_LABELS
from core.api.serializers import Body, TextField
from leads.api.serializers import PersonSerializer
from leads.api.work_serializers import LARGEST_ID
from leads.models import ViewLayout, ViewSharing
from leads.models.saved_view import LONGEST_VIEW_NAME

ROLES = [(role.value, label) for role, label in ROLE_LABELS.items()]
MOST_COLUMNS = 40
MOST_TAGS = 20


class ViewChange(Body):
    """What may be changed of a view; what is not given stays."""

    name = TextField(required=False, max_length=LONGEST_VIEW_NAME)
    sharing = serializers.ChoiceField(
        choices=ViewSharing.choices,
        required=False,
        help_text="Operations share with a role or everybody, a leader with a team.",
    )
    role = serializers.ChoiceField(choices=ROLES, required=False, help_text="With `sharing` role.")
    team = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="The number of the leader, with `sharing` team. Without it, your own.",
    )
    search = TextField(required=False, allow_blank=True, max_length=200)
    conditions = serializers.DictField(
        required=False, allow_null=True, help_text="A rule over the names that lists are filtered by."
    )
    columns = serializers.ListField(
        child=TextField(max_length=120),
        required=False,
        max_length=MOST_COLUMNS,
        help_text="Attributes and `data.<key>` in their order.",
    )
    ordering = TextField(required=False, allow_blank=True, max_length=120)
    layout = serializers.ChoiceField(choices=ViewLayout.choices, required=False)
    pinned = serializers.BooleanField(required=False)
    default = serializers.BooleanField(required=False, help_text="The list of the line begins with it.")


class NewView(ViewChange):
    """A list to be kept."""

    line = TextField(max_length=60, help_text="The code of the business line.")
    name = TextField(max_length=LONGEST_VIEW_NAME)


class ViewSerializer(serializers.Serializer[Any]):
    """A saved view. It is what it asks for: its leads are read by each for themselves."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    line = serializers.CharField(help_text="The code of its business line.")
    owner = PersonSerializer()
    sharing = serializers.ChoiceField(choices=ViewSharing.choices)
    role = serializers.CharField(allow_blank=True)
    team = PersonSerializer(allow_null=True)
    search = serializers.CharField(allow_blank=True)
    conditions = serializers.DictField(allow_null=True, help_text="As far as you may ask for it.")
    columns = serializers.ListField(child=serializers.CharField())
    ordering = serializers.CharField(allow_blank=True)
    layout = serializers.ChoiceField(choices=ViewLayout.choices)
    pinned = serializers.BooleanField()
    default = serializers.BooleanField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What of the view is closed to you, retired or gone."
    )
    may_change = serializers.BooleanField()


class ViewPageSerializer(serializers.Serializer[Any]):
    """All views that you may open, on one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ViewSerializer(many=True)


class TagsBody(Body):
    """The tags of a lead, all of them."""

    tags = serializers.ListField(
        child=TextField(max_length=40), max_length=MOST_TAGS, help_text="By name; new names become tags."
    )


class LeadTagsSerializer(serializers.Serializer[Any]):
    """The tags of a lead."""

    lead = serializers.CharField(help_text="Its reference.")
    tags = serializers.ListField(child=serializers.CharField())


class TagSerializer(serializers.Serializer[Any]):
    """A tag of the organisation."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class TagPageSerializer(serializers.Serializer[Any]):
    """All tags, on one page."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TagSerializer(many=True)
