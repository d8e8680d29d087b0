"""The consumers by topic, and how each wants its messages."""

import functools
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.module_loading import autodiscover_modules

from core.errors import ApplicationError


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as its consumer gets it. `message_id` is the same at each attempt; `attempt` counts from 1."""

    message_id: uuid.UUID
    topic: str
    aggregate: str
    payload: Mapping[str, Any]
    created_at: datetime
    attempt: int


class Undeliverable(ApplicationError):
    """Raised by a consumer: no further attempt would do better. The message says why, without personal data."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__("undeliverable", message)


class UnknownTopic(ApplicationError):
    """Nobody consumes such messages: they would wait for ever."""

    status = 500

    def __init__(self, topic: str) -> None:
        super().__init__(
            "unknown_topic",
            f"Nothing consumes the topic “{topic}”. Register a consumer, or do not publish it.",
        )


class AfterPoison(StrEnum):
    """What becomes of an aggregate's later messages while an earlier one is set aside."""

    GO_ON = "go_on"
    WAIT = "wait"


Handler = Callable[[Delivery], object]
OneHandler = TypeVar("OneHandler", bound=Handler)


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who gets the messages of some topics, and how. See `consumer`."""

    name: str
    topics: tuple[str, ...]
    handler: Handler
    external: bool
    tries: int
    after_poison: AfterPoison
    forgets_payload: bool


_consumers: dict[str, Consumer] = {}


def consumer(
    *topics: str,
    name: str = "",
    external: bool = False,
    tries: int = 10,
    after_poison: AfterPoison = AfterPoison.GO_ON,
    forgets_payload: bool = False,
) -> Callable[[OneHandler], OneHandler]:
    """Register a function of a `Delivery` for all messages of the topics.

    It runs in the scope of the message's organisation, as whoever published it; for a message of no organisation
    in nobody's. By default it runs in a transaction, which commits with the message's mark.

    Args:
        topics: dotted, the app first, such as leads.created.
        name: stored with each message, so it never changes; the topic, where there is one only.
        external: it acts on the world outside, and runs outside of any transaction.
        tries: after so many attempts the message is set aside. Pauses grow from seconds to an hour: ten tries
            take about 40 minutes, thirty a day.
        after_poison: whether the aggregate's later messages go on meanwhile. They do unless one makes no sense
            without those before it.
        forgets_payload: the payload is emptied upon delivery, because it holds what should not be kept.
    """
    if not topics or (len(topics) > 1 and not name):
        raise ValueError("A consumer has a topic, and a name where it has several.")

    def register(handler: OneHandler) -> OneHandler:
        chosen = name or topics[0]
        if chosen in _consumers:
            raise ValueError(f"The consumer {chosen} is registered twice.")
        _consumers[chosen] = Consumer(chosen, topics, handler, external, tries, after_poison, forgets_payload)
        return handler

    return register


@functools.cache
def _discover() -> None:
    autodiscover_modules("consumers")


def consumers_of(topic: str) -> list[Consumer]:
    """Return who gets the messages of a topic, by name; raise UnknownTopic where nobody does."""
    _discover()
    found = [each for _name, each in sorted(_consumers.items()) if topic in each.topics]
    if not found:
        raise UnknownTopic(topic)
    return found


def find_consumer(name: str) -> Consumer | None:
    """Return the consumer of that name; None where this process knows none."""
    _discover()
    return _consumers.get(name)


def consumer_names() -> frozenset[str]:
    """Return the names of all consumers of this process."""
    _discover()
    return frozenset(_consumers)
