"""What bodies about people and credentials may hold, and the shape of answers."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from accounts.api.filters import LARGEST_ID
from accounts.key_scopes import SCOPES
from accounts.models import LoginMethod, LoginReason
from accounts.models.api_key import KEY_STATES
from accounts.roles import Role
from accounts.services.api_keys import LONGEST_NAME as LONGEST_KEY_NAME
from accounts.services.api_keys import LONGEST_OVERLAP, MOST_CALLS_PER_MINUTE
from accounts.services.people import LONGEST_NAME
from core.api.serializers import Body, TextField

LONGEST_EMAIL, LONGEST_PASSWORD, LONGEST_TEXT, LONGEST_PHONE = 254, 1_000, 2_000, 40
HOUR = dt.timedelta(hours=1)


class LoginBody(Body):
    """What one signs in with."""

    email = TextField(max_length=LONGEST_EMAIL)
    password = TextField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class SecondStepBody(Body):
    """The second step of signing in."""

    ticket = TextField(max_length=LONGEST_TEXT, help_text="From the answer of `auth/login`.")
    code = TextField(max_length=20, help_text="Of the authenticator app, or a recovery code.")


class RefreshBody(Body):
    """What continues a session."""

    refresh = TextField(max_length=LONGEST_TEXT)


class TokenPairSerializer(serializers.Serializer[Any]):
    """Tokens to call with, and to continue with."""

    access = serializers.CharField(help_text="For `Authorization: Bearer …`.")
    refresh = serializers.CharField(
        help_text="For `auth/refresh`; serves once, then use the one that follows."
    )
    token_type = serializers.ChoiceField(choices=[("Bearer", "Bearer")])
    expires_in = serializers.IntegerField(help_text="Seconds that `access` serves.")
    refresh_expires_in = serializers.IntegerField(help_text="Seconds that `refresh` serves.")


# People

ROLES = [(role.value, role.value) for role in Role]


class MemberBody(Body):
    """What may be said of a member."""

    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), required=False, allow_empty=False, max_length=len(ROLES)
    )
    name = TextField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    phone = TextField(required=False, allow_blank=True, max_length=LONGEST_PHONE)
    manager = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="The number of the member to report to, from today on; null for nobody.",
    )


class NewMember(MemberBody):
    """A person to invite."""

    email = TextField(max_length=LONGEST_EMAIL)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), allow_empty=False, max_length=len(ROLES)
    )


class MemberChange(MemberBody):
    """What changes about a member."""

    is_active = serializers.BooleanField(required=False, help_text="Whether the person has access.")


class ProfileChange(Body):
    """What one changes about oneself."""

    name = TextField(required=False, allow_blank=True, max_length=LONGEST_NAME)
    phone = TextField(required=False, allow_blank=True, max_length=LONGEST_PHONE)


class ReferredPersonSerializer(serializers.Serializer[Any]):
    """A member, by number and name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class MemberSerializer(serializers.Serializer[Any]):
    """A member of the organisation."""

    id = serializers.IntegerField(help_text="Of the member in this organisation, as leads name owners.")
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True, help_text="In E.164.")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ROLES))
    manager = ReferredPersonSerializer(allow_null=True, help_text="Of today.")
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class OpenEndSerializer(serializers.Serializer[Any]):
    """Something that a person leaves open."""

    text = serializers.CharField()
    url = serializers.CharField(allow_blank=True, help_text="The page where to see to it.")


class ChangedMemberSerializer(MemberSerializer):
    """A member after a change."""

    left_open = OpenEndSerializer(
        many=True, required=False, help_text="Where access was ended: what somebody else has to take over."
    )


class PlaceSerializer(ReferredPersonSerializer):
    """A member's place in a team."""

    manager = serializers.IntegerField(help_text="The number of whom the member reports to.")
    depth = serializers.IntegerField(help_text="Steps below the leader; 1 reports to them.")


class TeamSerializer(serializers.Serializer[Any]):
    """A leader with everybody below."""

    leader = ReferredPersonSerializer()
    size = serializers.IntegerField()
    members = PlaceSerializer(many=True)


class CredentialSerializer(serializers.Serializer[Any]):
    """By what the call is made."""

    kind = serializers.ChoiceField(choices=[(kind, kind) for kind in ("session", "token", "key")])
    scopes = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Of a key; null for all that you may."
    )


class OwnOrganizationSerializer(serializers.Serializer[Any]):
    """An organisation that one belongs to."""

    slug = serializers.CharField(help_text="For `X-Tenant-ID`.")
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ROLES))


class ProfileSerializer(serializers.Serializer[Any]):
    """Oneself in one organisation."""

    organization = serializers.CharField()
    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=ROLES))


class MeSerializer(serializers.Serializer[Any]):
    """Who calls."""

    email = serializers.CharField()
    two_step = serializers.BooleanField(help_text="Whether you sign in with two steps.")
    credential = CredentialSerializer()
    organizations = OwnOrganizationSerializer(many=True)
    profile = ProfileSerializer(
        allow_null=True, help_text="In the organisation that the call is about; null where none is said."
    )


# Keys and sign-ins


class NewKeyBody(Body):
    """A key to make."""

    name = TextField(max_length=LONGEST_KEY_NAME, help_text="What it is for.")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in SCOPES]),
        allow_empty=False,
        max_length=len(SCOPES),
        help_text="What it may do; never more than its owner's roles allow at the time of a call.",
    )
    owner = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        help_text="The number of a partner's member; without it the key is your own.",
    )
    expires_at = serializers.DateTimeField(required=False, help_text="In a year without it, in two at most.")
    calls_per_minute = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_CALLS_PER_MINUTE,
        help_text="A limit of its own; administrators give it.",
    )


class RotateBody(Body):
    """How a key is replaced."""

    overlap_hours = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LONGEST_OVERLAP // HOUR,
        help_text="How long the old key serves beside the new one; 0 without it.",
    )


class KeySerializer(serializers.Serializer[Any]):
    """A key, without its secret."""

    prefix = serializers.CharField(help_text="What stands before the point; finds the key.")
    name = serializers.CharField()
    owner = ReferredPersonSerializer()
    scopes = serializers.ListField(child=serializers.CharField())
    calls_per_minute = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=KEY_STATES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")


class ToldKeySerializer(KeySerializer):
    """A key that was just made."""

    key = serializers.CharField(
        required=False, help_text="For `Authorization: Api-Key …`. Told once: keep it where secrets are kept."
    )


class LoginSerializer(serializers.Serializer[Any]):
    """A sign-in, or a try."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    member = ReferredPersonSerializer(allow_null=True)
    method = serializers.ChoiceField(choices=LoginMethod.choices)
    succeeded = serializers.BooleanField()
    reason = serializers.ChoiceField(
        choices=LoginReason.choices, allow_blank=True, help_text="Why it failed."
    )
    address = serializers.CharField(allow_null=True)
    device = serializers.CharField(allow_blank=True)


def page_of_rows(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the shape of a page of such rows."""
    name = row.__name__.replace("Serializer", "PageSerializer")
    fields = {
        "__doc__": "One page.",
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": row(many=True),
    }
    return type(name, (serializers.Serializer,), fields)
