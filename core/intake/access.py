"""What the machine asks of an actor. Core knows no roles; `accounts.actor.Actor` fits."""

from typing import Any, Protocol


class IntakeActor(Protocol):
    """Somebody who loads files: `require` returns how far the permission reaches, or raises NotPermitted."""

    @property
    def user(self) -> Any: ...

    @property
    def is_restricted(self) -> bool: ...

    def level(self, area: Any, verb: str) -> Any: ...

    def require(self, area: Any, verb: str) -> Any: ...
