"""Why files are kept, and who may read them: an app registers what its files belong to.

@register_purpose("leads.field")
def may_read(actor, file) -> bool: ...
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from core.models import StoredFile


class FileActor(Protocol):
    """An actor, as far as files know of one: `user` is None for the system itself."""

    @property
    def user(self) -> Any: ...

    @property
    def organization(self) -> Any: ...


MayRead = Callable[[Any, StoredFile], bool]
Check = TypeVar("Check", bound=MayRead)
_purposes: dict[str, MayRead] = {}


def register_purpose(name: str) -> Callable[[Check], Check]:
    """Register who may read attached files of a purpose, such as leads.field."""

    def register(check: Check) -> Check:
        _purposes[name] = check
        return check

    return register


def may_read(actor: FileActor, file: StoredFile) -> bool:
    """Whether the actor may read the file: one that is not attached yet is its uploader's alone."""
    if file.attached_at is None:
        return is_own(actor, file)
    check = _purposes.get(file.purpose)
    return check is not None and check(actor, file)


def is_own(actor: FileActor, file: StoredFile) -> bool:
    """Whether the actor has handed the file in."""
    return file.uploaded_by_id == (actor.user.pk if actor.user is not None else None)
