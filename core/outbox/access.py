"""What the poison queue asks of an actor. Core knows no roles; `accounts.actor.Actor` fits."""

from typing import Any, Protocol

# Who configures what is delivered decides about what could not be.
AREA = "configuration"


class OutboxActor(Protocol):
    """Somebody who looks after what goes out. `label` names them in a message's history."""

    @property
    def label(self) -> str: ...

    def require(self, area: Any, verb: str) -> Any: ...
