"""Whose jobs an actor may see and cancel. Actors are made by another app; this is what jobs know of them."""

from typing import Any, Protocol

from core.jobs.registry import UnknownKind, find_kind
from core.models import Job


class JobActor(Protocol):
    """An actor: `user` is None for the system itself, `level` says how far a permission reaches."""

    @property
    def user(self) -> Any: ...

    def level(self, area: Any, verb: str) -> str: ...


def reaches_job(actor: JobActor, job: Job, verb: str) -> bool:
    """Whether the actor may do `verb` (read, write) to the job: their own, or all jobs of its area."""
    if actor.user is not None and job.created_by_id == actor.user.pk:
        return True
    try:
        area = find_kind(job.kind).area
    except UnknownKind:
        return False
    return actor.level(area, verb) == "all"
