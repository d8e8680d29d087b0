"""The kinds of jobs and what runs them. An app registers its handlers in `<app>/jobs.py`.

Those modules are imported at the first look-up, in whichever process that happens: workers, pages and
commands know the same kinds without being told.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules

from core.errors import ApplicationError

if TYPE_CHECKING:
    from core.jobs.run import JobRun

Handler = Callable[["JobRun"], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """What runs a kind of job, and whose jobs they are: `area` names the permission that reads them all."""

    name: str
    handler: Handler
    area: str
    has_private_result: bool = False
    can_pause: bool = False


class UnknownKind(ApplicationError):
    """No app of this process runs such jobs."""

    status = 500

    def __init__(self, name: str) -> None:
        super().__init__(
            "unknown_job_kind",
            f"No part of this installation runs jobs of the kind “{name}”. Update the worker and try again.",
        )


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str, *, area: str = "lead_files", has_private_result: bool = False, can_pause: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler: a function of the run, or a class made anew for each run and called with it.

    The handler gets a `core.jobs.run.JobRun`, works in `run.batch()` blocks, resumes at `run.cursor`, and
    returns the job's result (JSON) or None. It must be able to start again at any cursor it has committed.

    Args:
        name: dotted, the app first, such as leads.intake; stored with each job, so it never changes.
        area: who may read this area without limits sees the progress of all these jobs.
        has_private_result: the result quotes what others may not see, so no list of jobs shows it.
        can_pause: it goes on at its cursor, so that a pause costs nothing; without one it would begin again.
    """

    def register(handler: Handler) -> Handler:
        call = (lambda run: handler()(run)) if isinstance(handler, type) else handler
        if name in _kinds:
            raise ValueError(f"The job kind {name} is registered twice.")
        _kinds[name] = JobKind(name, call, area, has_private_result, can_pause)
        return handler

    return register


@functools.cache
def _discover() -> None:
    autodiscover_modules("jobs", "retention.running")


def find_kind(name: str) -> JobKind:
    """Return the kind of that name; raise UnknownKind when no app registers it."""
    if name not in _kinds:
        _discover()
    if name not in _kinds:
        raise UnknownKind(name)
    return _kinds[name]


def registered_kinds() -> list[JobKind]:
    """Return every kind that an app of this process runs."""
    _discover()
    return list(_kinds.values())
