"""Settings of the API: how calls are read, refused and described."""

from typing import Any

INTRODUCTION = """
Read and write what your user may, and nothing else: calls go through the same queries and services as the pages.

**Signing in.** Three ways, each with what its user or owner may, and nothing else:

- *Tokens*, for clients of people: `POST auth/login` with e-mail and password answers an access token, which serves 15
  minutes in `Authorization: Bearer <token>`, and a refresh token for `POST auth/refresh`. Each refresh answers the next
  pair; the old token serves ten seconds more, for a call whose answer was lost; used after that, it ends the session.
  Who signs in with two steps is asked for a code (`mfa_required`, then `POST auth/mfa`). `POST auth/logout` ends the
  session.
- *Keys*, for systems: `Authorization: Api-Key <key>`. A key is made on the profile, in the console or by
  `POST api-keys/`, and shown once. It acts as its owner in one organisation, within its scopes.
- The *session* of the pages. Unsafe calls (POST, PATCH, DELETE) then also carry the CSRF token: the value of the cookie
  `leadledger_csrf` in the header `X-CSRFToken`.

Who belongs to several organisations names the one that is meant in the header `X-Tenant-ID`; `GET auth/me` tells which
there are. A key opens its own alone.

**Limits.** 100 calls within any minute per user and per key, unless a key was given a limit of its own; every answer
tells in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` how it stands. One call too many is 429;
`Retry-After` says in how many seconds the next one passes.

**Addresses** answer with and without a slash at the end. Bodies are JSON in UTF-8; numbers are read exactly, so
`0.1` stays `0.1`. Configured numbers come back as text, such as `"700000.00"`, for the same reason.

**Errors** have one shape: `type`, `errors` (each with `code`, `detail` and, for a field or a parameter, `attr`) and
`request_id`, which the log knows too. 400: the call is wrong, all its problems at once. 401: no credential, or not a
good one. 403: your role, or the key's scopes, do not allow it. 404: nothing is here that you may see. 409: it collides
with what is there. 412: it was changed since you read it. 413: too large. 429: too many calls, wait as long as
`Retry-After` says. 500: our mistake; `request_id` finds it in the log.

**Lists** are paged by cursor: follow `next` and `previous`. `page_size` is 50 unless you ask for up to 500. Parameters
filter: `status=new`, `created__gte=2026-01-01`, and within a line any of its fields, `data.<key>` and
`data.<key>__gte`. `ordering` names one order, `-` before it reverses; `search` finds words, phones and references. A
parameter that means nothing is refused (400), never ignored. `count` is exact where counting is cheap, else null;
`count_estimate` is the same, or at least so many.

**Calling again.** An unsafe call may carry a key of your choice in the header `Idempotency-Key` (1 to 255 printable
ASCII characters). Make the same call again with it whenever you got no answer: within 24 hours it has no second effect
and is answered as the first time, with `Idempotency-Replayed: true`. What it tells is as you may see it by then. A key
that stands for another call is 409 (`idempotency_key_reused`); while the first call runs it is 409 with `Retry-After`.
A call that was refused for something to put right, or that failed by our mistake, has left nothing: its key is free.

**Changing what you have read.** One lead is told with an `ETag`. Send it back in `If-Match` with a change, and
what somebody else has changed meanwhile is not overwritten (412). With `If-None-Match` a lead that you have already
is not sent again (304).
"""

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.HeaderAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasMembership"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.bodies.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "core.api.description.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    # The parameters of a list are filters: none of them chooses a renderer.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "core.api.errors.Handler",
    "EXCEPTION_FORMATTER_CLASS": "core.api.errors.Formatter",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "LeadLedger",
    "DESCRIPTION": INTRODUCTION.strip(),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # The same calls under the addresses of older deployments are not told twice.
    "PREPROCESSING_HOOKS": ["core.api.description.versioned_alone"],
    "ENUM_NAME_OVERRIDES": {
        "JobState": "core.models.JobState",
        "ImportState": "core.models.IntakeState",
        "CountedState": "leads.queries.statistics.counted.STATES",
        "AttachmentKind": "leads.models.AttachmentKind",
        "KeyState": "accounts.models.api_key.KEY_STATES",
        "EngagementChannel": "leads.models.Channel",
        "ConsentChannel": "leads.models.ConsentChannel",
        "ConsentState": "leads.models.ConsentState",
        "EngagementOutcome": "leads.models.EngagementOutcome",
        "ArrivalOutcome": "leads.api.arrivals.OUTCOMES",
        "HandOverMethod": "leads.models.HandOverMethod",
    },
    "SERVE_PERMISSIONS": ["accounts.api.permissions.HasMembership"],
    "SWAGGER_UI_DIST": "SIDECAR",
    # Nothing is asked of other hosts.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "defaultModelsExpandDepth": 0},
}
