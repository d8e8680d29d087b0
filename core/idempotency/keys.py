"""Idempotency keys: what may be one, for how long it holds, and when it was used for something else."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from core.errors import Conflict, FieldError, ValidationFailed
from core.models import IdempotencyKey

KEPT_FOR = dt.timedelta(hours=24)
LONGEST = 255
PRINTABLE = re.compile(rf"[\x21-\x7e](?:[\x20-\x7e]{{0,{LONGEST - 2}}}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent under a key: another use of the key must be the same in all of it.

    `body_sha256` is the digest of the body, in hexadecimal digits.
    """

    credential: str
    key: str
    method: str
    path: str
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call or an item ended: `answer` is what may be told again (`core.api.replays`)."""

    status: int
    headers: Mapping[str, str]
    answer: Mapping[str, Any]


class KeyReused(Conflict):
    """The key stands for something else."""

    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused",
            "This idempotency key was used for another call within the last 24 hours. Choose a new key.",
        )


class StillRunning(Conflict):
    """The first call with the key has not ended. `wait` is in seconds."""

    wait = 1

    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_in_use",
            "The first call with this idempotency key is still running. Make the same call again in a moment.",
        )


def read_key(text: str, attribute: str) -> str:
    """Return the key, or raise ValidationFailed, which names `attribute` as its place."""
    if PRINTABLE.fullmatch(text):
        return text
    message = f"An idempotency key has 1 to {LONGEST} printable ASCII characters and no space around them."
    raise ValidationFailed(
        "invalid_idempotency_key", message, {attribute: [FieldError("invalid_idempotency_key", message)]}
    )


def oldest_kept() -> dt.datetime:
    """Return the moment before which keys hold no more."""
    return timezone.now() - KEPT_FOR


def outcome_of(row: IdempotencyKey, sent: Sent) -> Outcome:
    """Return what is kept under the key. Raises KeyReused where it was sent with something else."""
    if (row.method, row.path, row.body_sha256) != (sent.method, sent.path, sent.body_sha256):
        raise KeyReused
    return Outcome(row.status, row.headers, row.answer)
