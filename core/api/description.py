"""The API described as OpenAPI: the answers that any call may give, beside those that its view names."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as BaseAutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from core.api.errors import ERROR_TYPES

BODIES = ("POST", "PUT", "PATCH")
UNSAFE = (*BODIES, "DELETE")
EXAMPLE_ID = "5f0c9a3e7d1b4f6a8c2e0d9b7a6f5e4d"


class ErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="For machines; it does not change.")
    detail = serializers.CharField(help_text="For people: what is wrong, and what to do next.")
    attr = serializers.CharField(
        allow_null=True, help_text="The parameter or the place in the body, such as `data.mobile`; else null."
    )


class ErrorAnswerSerializer(serializers.Serializer[Any]):
    """What every refused call answers."""

    type = serializers.ChoiceField(choices=[(name, name) for name in ERROR_TYPES])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Stands in the log too, and in the header `X-Request-ID`.")


def error_answer(
    description: str,
    code: str,
    detail: str,
    attr: str | None = None,
    serializer: type[serializers.Serializer[Any]] = ErrorAnswerSerializer,
    **extra: Any,
) -> OpenApiResponse:
    """Describe an answer that refuses, with an example of it; `extra` stands beside its errors."""
    kind = "validation_error" if attr else "server_error" if code == "error" else "client_error"
    value = {
        "type": kind,
        "errors": [{"code": code, "detail": detail, "attr": attr}],
        **extra,
        "request_id": EXAMPLE_ID,
    }
    return OpenApiResponse(
        serializer, description, [OpenApiExample(code, value=value, response_only=True, summary=description)]
    )


def answer(serializer: Any, description: str, value: Any, name: str = "example") -> OpenApiResponse:
    """Describe an answer, with an example of it."""
    return OpenApiResponse(serializer, description, [OpenApiExample(name, value=value, response_only=True)])


def page_of(value: Any, **more: Any) -> dict[str, Any]:
    """An example of a page."""
    return {"next": None, "previous": None, "results": [value], **more}


UNREADABLE = error_answer(
    "The call is wrong.", "parse_error", "The body is not JSON: Expecting value in line 1, column 10."
)
NOBODY = error_answer(
    "Nobody is signed in.", "not_authenticated", "Nobody is signed in. Sign in, then call again."
)
REFUSED = error_answer(
    "Your role does not allow this.",
    "permission_denied",
    "Your role does not allow this. Ask an administrator.",
)
INVISIBLE = error_answer(
    "Nothing is here that you may see.", "not_found", "No lead with this reference is visible to you."
)
TOO_LARGE = error_answer(
    "The body is too large.", "too_large", "The body is larger than 5 MB. Send less at once."
)
TOO_MANY = error_answer(
    "Too many calls within a minute; `Retry-After` says after how many seconds the next one passes.",
    "throttled",
    "More than 100 calls within a minute. Wait 12 s, then call again.",
)
NOT_JSON = error_answer(
    "The body is of another type.",
    "unsupported_media_type",
    "Unsupported media type “text/plain” in request.",
)
STILL_RUNNING = error_answer(
    "It collides with what is there, or with the first call that carries the idempotency key.",
    "idempotency_key_in_use",
    "The first call with this idempotency key is still running. Make the same call again in a moment.",
)
OUTDATED = error_answer(
    "It was changed since you read it.",
    "precondition_failed",
    "It was changed since you read it. Read it again, then send your change.",
)
NOT_MODIFIED = OpenApiResponse(None, "You have it already, as `If-None-Match` says.")
MISTAKE = error_answer(
    "Our mistake.",
    "error",
    f"Something went wrong here. It is logged as {EXAMPLE_ID}: tell support that number.",
)


TENANT = OpenApiParameter(
    "X-Tenant-ID",
    str,
    OpenApiParameter.HEADER,
    description="The short name of the organisation. Who belongs to one only may leave it out.",
)


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    description="Chosen by you for this very call. Made again within 24 hours, it is answered as the first time.",
    examples=[OpenApiExample("a random one", value="3f1c9a52-6d0e-4b57-9b0e-2f4c8a7d1e90")],
)
IDEMPOTENCY_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="Stands on the answer of a call that was made before with its key.",
    response=[200, 201, 202, 204, 409],
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETags that you have read, or `*`: what was changed since is not changed (412).",
    examples=[OpenApiExample("whatever it is", value="*")],
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="ETags that you have: what has not changed is not sent again (304).",
)
ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="The version of what you see.",
    response=[200, 201, 304],
)
# Of a call that reads one row, and of one that changes it.
READS_VERSION = [IF_NONE_MATCH, ETAG]
PRECONDITIONS = [IF_MATCH, ETAG]


def _answer_header(name: str, schema: Any, description: str, answers: Any = True) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, description=description, response=answers, required=True
    )


ANSWER_HEADERS = [
    _answer_header("X-Request-ID", str, "The number of the call in the log."),
    _answer_header("RateLimit-Policy", str, "The limit and its window in seconds, such as `100;w=60`."),
    _answer_header("RateLimit-Limit", int, "How many calls pass within the window."),
    _answer_header("RateLimit-Remaining", int, "How many more pass now."),
    _answer_header("RateLimit-Reset", int, "After how many seconds the next place is free."),
    _answer_header("Retry-After", int, "After how many seconds to call again.", [429]),
]


def versioned_alone(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave out what answers under addresses without a version: they lead to the same views."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class AutoSchema(BaseAutoSchema):
    """Adds to each call the headers and refusals that hold for all of its kind; what the view says itself stands."""

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that the view names, and the headers of all calls."""
        named = list(super().get_override_parameters())
        if not getattr(self.view, "is_about_no_organization", False):
            named.append(TENANT)
        if self._takes_keys():
            named += [IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED]
        return [*named, *ANSWER_HEADERS]

    def _takes_keys(self) -> bool:
        """Whether a call that is made again is answered as the first time; one by which one signs in is not."""
        return self.method in UNSAFE and bool(self.view.get_permissions())

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        said = super()._get_response_bodies(direction)
        added = {
            code: self._get_response_for_code(answer, code)
            for code, answer in self._refusals().items()
            if code not in said
        }
        return dict(sorted({**said, **added}.items()))

    def _refusals(self) -> dict[str, OpenApiResponse]:
        found = {"400": UNREADABLE, "401": NOBODY, "403": REFUSED, "429": TOO_MANY, "500": MISTAKE}
        if not self.view.get_permissions():  # a call by which one signs in
            del found["401"], found["403"]
        if "{" in self.path:
            found["404"] = INVISIBLE
        if self.method in BODIES:
            found |= {"413": TOO_LARGE, "415": NOT_JSON}
        if self._takes_keys():
            found["409"] = STILL_RUNNING
        named = self.get_override_parameters()
        if IF_MATCH in named:
            found["412"] = OUTDATED
        elif IF_NONE_MATCH in named:
            found["304"] = NOT_MODIFIED
        return found


class SessionScheme(OpenApiAuthenticationExtension):
    """The cookie of the pages."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    match_subclasses = True
    priority = 1
    name = "session"

    def get_security_definition(self, auto_schema: BaseAutoSchema) -> dict[str, Any]:
        """Return the cookie's name; unsafe calls carry the CSRF token beside it."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of the pages. Unsafe calls also carry the header `X-CSRFToken`.",
        }
