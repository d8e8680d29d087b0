"""What the OpenAPI description says of calls about people and credentials."""

import datetime as dt
from typing import Any

from django_filters import BooleanFilter, ChoiceFilter, FilterSet, IsoDateTimeFilter
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from accounts.api import serializers as shapes
from accounts.api.filters import (
    LARGEST_ID,
    KeyFilter,
    LoginLogFilter,
    MemberFilter,
    MemberNumberFilter,
    TeamFilter,
)
from core.api.description import TENANT, ErrorAnswerSerializer, answer, error_answer, page_of
from core.api.paging import DEFAULT_SIZE, LARGEST_SIZE

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

# People

PEOPLE, KEYS = ["People"], ["Keys and sign-ins"]
HOST = "https://leads.example.com/api/v1"
ASHA = {"id": 7, "name": "Asha Rao"}
MEERA = {"id": 3, "name": "Meera Iyer"}
MEMBER = {
    "id": 7,
    "email": "asha.rao@example.org",
    "name": "Asha Rao",
    "phone": "+919845012345",
    "roles": ["agent"],
    "manager": MEERA,
    "is_active": True,
    "created_at": "2026-01-15T09:30:00+00:00",
}
NEW_MEMBER = {
    "email": "asha.rao@example.org",
    "name": "Asha Rao",
    "phone": "98450 12345",
    "roles": ["agent"],
}
TEAM = {"leader": MEERA, "size": 1, "members": [{**ASHA, "manager": 3, "depth": 1}]}
ME = {
    "email": "asha.rao@example.org",
    "two_step": False,
    "credential": {"kind": "token", "scopes": None},
    "organizations": [{"slug": "sunrise", "name": "Sunrise Home Finance", "roles": ["agent"]}],
    "profile": {
        "organization": "sunrise",
        "id": 7,
        "name": "Asha Rao",
        "phone": "+919845012345",
        "roles": ["agent"],
    },
}
WRONG_ROLE = error_answer(
    "The call is wrong: each problem, with its place.",
    "invalid",
    "Write a phone number such as +91 98765 43210.",
    "phone",
)
WRONG_PARAMETER = error_answer(
    "A parameter is not understood.",
    "unknown_filter",
    "Nothing here is filtered by “colour”. Use is_active, role, search.",
    "colour",
)
MEMBER_THERE = error_answer(
    "The person is a member already.",
    "member_exists",
    "asha.rao@example.org is a member already. Change the roles there instead.",
)
LAST_ADMINISTRATOR = error_answer(
    "The change collides with how the organisation stands.",
    "last_administrator",
    "This is the organisation's only active administrator. Make somebody else one first.",
)
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description="The address of what was made.", response=[201]
)
INVITED = (
    "The person is written to and chooses a password; who has an account already keeps it, with its password."
)


def list_parameters(filters: type[FilterSet], orders: str) -> list[OpenApiParameter]:
    """Return the parameters of a list: its filters, its orders, and those of every list."""
    return [
        *(
            OpenApiParameter(name, _type_of(each), description=str(each.label), enum=_choices_of(each))
            for name, each in filters.base_filters.items()
        ),
        OpenApiParameter("ordering", str, description=f"{orders}; `-` before it reverses."),
        OpenApiParameter("cursor", str, description="A place in the list, from `next` or `previous`."),
        OpenApiParameter(
            "page_size",
            {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
            description="How many items a page has.",
        ),
    ]


def _type_of(each: Any) -> Any:
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
    kinds = {MemberNumberFilter: number, BooleanFilter: bool, IsoDateTimeFilter: dt.datetime}
    return next((kind for filter_class, kind in kinds.items() if isinstance(each, filter_class)), str)


def _choices_of(each: Any) -> list[str] | None:
    return [value for value, _label in each.extra["choices"]] if isinstance(each, ChoiceFilter) else None


def listing(
    name: str,
    summary: str,
    tags: list[str],
    row: type[serializers.Serializer[Any]],
    value: Any,
    filters: type[FilterSet],
    orders: str,
    **more: Any,
) -> dict[str, Any]:
    """Describe a list of rows, `value` being an example of one."""
    return {
        "operation_id": name,
        "summary": summary,
        "tags": tags,
        "parameters": list_parameters(filters, orders),
        "responses": {
            200: answer(shapes.page_of_rows(row), "A page.", page_of(value)),
            400: WRONG_PARAMETER,
        },
        **more,
    }


LIST_USERS = listing(
    "list_users",
    "Members",
    PEOPLE,
    shapes.MemberSerializer,
    MEMBER,
    MemberFilter,
    "`id`, `name`, `created`",
    description="Whom you may see: all members, your team, or yourself.",
)
CREATE_USER: dict[str, Any] = {
    "operation_id": "create_user",
    "summary": "Invite a person",
    "description": INVITED,
    "tags": PEOPLE,
    "request": shapes.NewMember,
    "examples": [example("an agent", NEW_MEMBER)],
    "parameters": [LOCATION],
    "responses": {
        201: answer(shapes.MemberSerializer, "The member.", MEMBER),
        400: WRONG_ROLE,
        409: MEMBER_THERE,
    },
}
REGISTER: dict[str, Any] = {
    **CREATE_USER,
    "operation_id": "register",
    "summary": "Invite a person: the same as a POST to `users/`",
}
READ_USER: dict[str, Any] = {
    "operation_id": "read_user",
    "summary": "One member",
    "tags": PEOPLE,
    "responses": {200: answer(shapes.MemberSerializer, "The member.", MEMBER)},
}
CHANGE_USER: dict[str, Any] = {
    "operation_id": "change_user",
    "summary": "Change a member",
    "description": "What is not given stays. All of it is done, or nothing. Access ends with the next call.",
    "tags": PEOPLE,
    "request": shapes.MemberChange,
    "examples": [example("another role", {"roles": ["agent", "team_leader"], "manager": None})],
    "responses": {
        200: answer(shapes.ChangedMemberSerializer, "The member as it is now.", MEMBER),
        400: WRONG_ROLE,
        409: LAST_ADMINISTRATOR,
    },
}
LIST_TEAMS = listing(
    "list_teams",
    "Leaders with their teams",
    PEOPLE,
    shapes.TeamSerializer,
    TEAM,
    TeamFilter,
    "`id`, `name`, `created`",
    description="Each with everybody who reports to them today, directly or through others.",
)
READ_ME: dict[str, Any] = {
    "operation_id": "read_me",
    "summary": "Who you are",
    "description": "Needs no `X-Tenant-ID`: it tells what to write there.",
    "tags": SIGN_IN,
    "parameters": [TENANT],
    "responses": {200: answer(shapes.MeSerializer, "You.", ME)},
}
CHANGE_ME: dict[str, Any] = {
    "operation_id": "change_me",
    "summary": "Change your name and phone",
    "description": "As this organisation sees them. A key changes nobody's.",
    "tags": SIGN_IN,
    "request": shapes.ProfileChange,
    "examples": [example("a phone", {"phone": "98450 12345"})],
    "parameters": [TENANT],
    "responses": {200: answer(shapes.MeSerializer, "You, as you are now.", ME), 400: WRONG_ROLE},
}

# Keys and sign-ins

KEY = {
    "prefix": "llk3v9q2m7x1zt",
    "name": "Branch website",
    "owner": {"id": 12, "name": "Website"},
    "scopes": ["leads:read", "leads:create"],
    "calls_per_minute": None,
    "state": "active",
    "created_at": "2026-01-15T09:30:00+00:00",
    "expires_at": "2027-01-15T09:30:00+00:00",
    "revoked_at": None,
    "last_used_at": "2026-01-16T11:04:00+00:00",
}
TOLD_KEY = {
    **KEY,
    "last_used_at": None,
    "key": "llk3v9q2m7x1zt.dGhpcyBpcyBvbmx5IGFuIGV4YW1wbGUgb2Yga2V5",
}
WRONG_SCOPE = error_answer(
    "The call is wrong: each problem, with its place.",
    "not_allowed",
    "Website may not do that: leads:delete. Choose what the owner's roles allow.",
    "scopes",
)
NOT_ACTIVE = error_answer(
    "The key is not in force any more.", "key_not_active", "This key is revoked. Make a new one."
)
LIST_KEYS = listing(
    "list_keys", "Keys", KEYS, shapes.KeySerializer, KEY, KeyFilter, "`created`",
    description="All of them for administrators and auditors, your own for others who may have some.",
)  # fmt: skip
CREATE_KEY: dict[str, Any] = {
    "operation_id": "create_key",
    "summary": "Make a key",
    "description": (
        "A key acts as its owner: you, or a partner's system. It does what its scopes name and its owner's roles"
        " allow at the time of a call; one without a scope to change leads sees personal data masked. Whoever works"
        " with leads sees their lines too, which needs no scope. Its secret is told here and never again: a"
        " repeated call with the same idempotency key tells the key without it."
    ),
    "tags": KEYS,
    "request": shapes.NewKeyBody,
    "examples": [
        example("for a website", {"name": "Branch website", "scopes": ["leads:read", "leads:create"]})
    ],
    "parameters": [LOCATION],
    "responses": {
        201: answer(shapes.ToldKeySerializer, "The key, told once.", TOLD_KEY),
        400: WRONG_SCOPE,
        409: error_answer(
            "The owner has as many keys as anybody may have.",
            "too_many_keys",
            "Website has 20 keys already. Revoke one that is not used.",
        ),
    },
}
READ_KEY: dict[str, Any] = {
    "operation_id": "read_key",
    "summary": "One key",
    "tags": KEYS,
    "responses": {200: answer(shapes.KeySerializer, "The key, without its secret.", KEY)},
}
REVOKE_KEY: dict[str, Any] = {
    "operation_id": "revoke_key",
    "summary": "Revoke a key",
    "description": "It opens nothing from now on, and stays in the list.",
    "tags": KEYS,
    "responses": {204: OpenApiResponse(None, "The key is revoked.")},
}
ROTATE_KEY: dict[str, Any] = {
    "operation_id": "rotate_key",
    "summary": "Put a new key in the place of one",
    "description": "The new one has the same name, owner, scopes and limit, and serves as long from now.",
    "tags": KEYS,
    "request": shapes.RotateBody,
    "examples": [example("with a day to change over", {"overlap_hours": 24})],
    "parameters": [LOCATION],
    "responses": {
        201: answer(shapes.ToldKeySerializer, "The new key, told once.", TOLD_KEY),
        409: NOT_ACTIVE,
    },
}
LIST_LOGINS = listing(
    "list_logins",
    "Sign-ins and tries",
    KEYS,
    shapes.LoginSerializer,
    {
        "id": 4711,
        "at": "2026-01-15T09:30:00+00:00",
        "member": ASHA,
        "method": "token",
        "succeeded": False,
        "reason": "wrong_password",
        "address": "192.0.2.7",
        "device": "LeadLedger/2.1 (Android 15)",
    },
    LoginLogFilter,
    "`at`",
    description="On the page, by token, and keys made. Administrators and auditors see those of all members.",
)
