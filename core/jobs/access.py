"""Whose jobs an actor may see and cancel. Actors are made by another app; this is what jobs know of them."""

from typing import Any, Protocol

from core.jobs.registry import UnknownKind, find_kind
from core.models import Job


class JobActor(Protocol):
    """An actor: `user` is None for the system itself, `level` says how far a permission reaches.

    One that `is_restricted` may do less than its user, who may have asked for jobs beyond that.
    """

    @property
    def user(self) -> Any: ...

    @property
    def is_restricted(self) -> bool: ...

    def level(self, area: Any, verb: str) -> str: ...


def reaches_job(actor: JobActor, job: Job, verb: str) -> bool:
    """Whether the actor may do `verb` (read, write) to the job: their own, or all jobs of its area."""
    own = actor.user is not None and job.created_by_id == actor.user.pk
    if own and not actor.is_restricted:
        return True
    try:
        level = actor.level(find_kind(job.kind).area, verb)
    except UnknownKind:
        return False
    return level == "all" or (own and level != "none")


def has_private_result(job: Job) -> bool:
    """Whether the job's result is not for everybody who sees the job; of an unknown kind nothing is known."""
    try:
        return find_kind(job.kind).has_private_result
    except UnknownKind:
        return True
