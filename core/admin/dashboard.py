"""What waits for somebody: queues that apps register, shown on the console's first page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

# A text, or one that is translated when it is shown.
Words = str | Promise


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One thing that waits: where to deal with it, and a word about it."""

    title: str
    link: str
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """Things of one kind that wait. `items` are the first few; `advice` says what to do with them."""

    title: Words
    icon: str
    count: int
    link: str
    advice: Words
    items: Sequence[QueueItem] = field(default_factory=tuple)


QueueMaker = Callable[[Any], Queue | None]
_makers: list[tuple[int, QueueMaker]] = []


def register_queue(order: int) -> Callable[[QueueMaker], QueueMaker]:
    """Register a function of the actor that returns a queue, or None where the actor has no business with it."""

    def register(make: QueueMaker) -> QueueMaker:
        _makers.append((order, make))
        return make

    return register


def queues_for(actor: Any) -> list[Queue]:
    """Return the queues of an actor in order, those that hold something first."""
    queues = [make(actor) for _order, make in sorted(_makers, key=lambda entry: entry[0])]
    return sorted((queue for queue in queues if queue is not None), key=lambda queue: queue.count == 0)
