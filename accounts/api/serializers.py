"""What bodies about people and credentials may hold, and the shape of answers."""

from typing import Any

from rest_framework import serializers

from core.api.serializers import Body, TextField

LONGEST_EMAIL, LONGEST_PASSWORD, LONGEST_TEXT = 254, 1_000, 2_000


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
