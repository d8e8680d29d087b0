"""What the OpenAPI description says of calls about people and credentials."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from accounts.api import serializers as shapes
from core.api.description import ErrorAnswerSerializer, answer, error_answer

SIGN_IN = ["Signing in"]
TICKET = "WzcsIjVmMGM5YTNlIl0:1vXk2c:8mJ0lq3dV7"
TOKENS = {
    "access": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.s1gn4tur3",
    "refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.s1gn4tur3",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_expires_in": 1_209_600,
}
PAIR = answer(shapes.TokenPairSerializer, "The tokens.", TOKENS)


class HeaderScheme(OpenApiAuthenticationExtension):
    """A token or a key in the header `Authorization`: either does."""

    target_class = "accounts.api.authentication.HeaderAuthentication"
    name = ["token", "key"]  # type: ignore[assignment]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        """Return both, one of which is enough."""
        return [{"token": []}, {"key": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return how each fills the header."""
        token = "An access token, from `auth/login`."
        key = "`Api-Key ` and a key, as it was shown when it was made."
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": token},
            {"type": "apiKey", "in": "header", "name": "Authorization", "description": key},
        ]


class TicketAnswerSerializer(ErrorAnswerSerializer):
    """The refusal of a sign-in that is not complete, or not right."""

    ticket = serializers.CharField(required=False, help_text="For `auth/mfa`; only with `mfa_required`.")
    expires_in = serializers.IntegerField(required=False, help_text="Seconds that the ticket serves.")


TOO_MANY_TRIES = error_answer(
    "Too many tries, here or for this person; `Retry-After` says in how many seconds it is worth another one.",
    "too_many_attempts",
    "Too many failed tries. Wait a few minutes, then try again.",
)


def example(name: str, value: Any) -> OpenApiExample:
    """An example of a body."""
    return OpenApiExample(name, value=value, request_only=True)


LOGIN: dict[str, Any] = {
    "operation_id": "login",
    "summary": "Sign in with e-mail and password",
    "description": (
        "Who signs in with two steps gets 401 with the code `mfa_required` and a `ticket`, and goes on at `auth/mfa`."
    ),
    "tags": SIGN_IN,
    "request": shapes.LoginBody,
    "examples": [example("a person", {"email": "agent@sunrise.example", "password": "lead-to-ledger"})],
    "responses": {
        200: PAIR,
        401: error_answer(
            "A second step is needed, or e-mail and password do not belong together.",
            "mfa_required",
            "A second step is needed. Send the ticket with a code to auth/mfa.",
            serializer=TicketAnswerSerializer,
            ticket=TICKET,
            expires_in=300,
        ),
        429: TOO_MANY_TRIES,
    },
}
SECOND_STEP: dict[str, Any] = {
    "operation_id": "complete_login",
    "summary": "Sign in: the second step",
    "tags": SIGN_IN,
    "request": shapes.SecondStepBody,
    "examples": [example("a code", {"ticket": TICKET, "code": "492039"})],
    "responses": {
        200: PAIR,
        401: error_answer(
            "The code or the ticket is not good.",
            "invalid_code",
            "The code is wrong or was used before. Send another one.",
        ),
        429: TOO_MANY_TRIES,
    },
}
REFRESH: dict[str, Any] = {
    "operation_id": "refresh",
    "summary": "Go on with new tokens",
    "description": (
        "A refresh token serves once. For ten seconds more it gets usable tokens again, for a call whose answer was"
        " lost or that was made twice at once. After that, using it ends the session it belongs to: somebody may"
        " hold a copy."
    ),
    "tags": SIGN_IN,
    "request": shapes.RefreshBody,
    "examples": [example("a token", {"refresh": TOKENS["refresh"]})],
    "responses": {
        200: PAIR,
        401: error_answer(
            "The token is not good: sign in again.",
            "invalid_token",
            "The token is not valid, or no longer. Sign in again.",
        ),
    },
}
LOGOUT: dict[str, Any] = {
    "operation_id": "logout",
    "summary": "Sign out",
    "description": "Ends the session of the access token: its tokens serve no more. For tokens alone.",
    "tags": SIGN_IN,
    "request": None,
    "responses": {204: OpenApiResponse(None, "The session has ended.")},
}
