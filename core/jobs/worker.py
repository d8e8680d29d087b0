"""Ties jobs to the life of a Celery worker: a sweeper in its main process, and word of its shutdown."""

from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down

from core.jobs import shutdown
from core.jobs.sweeper import Sweeper

_sweepers: list[Sweeper] = []


@worker_ready.connect(dispatch_uid="core.jobs.start_sweeper")
def start_sweeper(**kwargs: Any) -> None:
    """Begin to look for due jobs, once the children are forked and the broker has answered."""
    sweeper = Sweeper()
    _sweepers.append(sweeper)
    sweeper.start()


@worker_shutting_down.connect(dispatch_uid="core.jobs.announce_shutdown")
def announce_shutdown(**kwargs: Any) -> None:
    """Let the running jobs stop after their batch. Runs in the signal handler: no locks, no database."""
    shutdown.announce()


@worker_shutdown.connect(dispatch_uid="core.jobs.stop_sweeper")
def stop_sweeper(**kwargs: Any) -> None:
    """End the sweeper; its worker leaves the list of those alive."""
    while _sweepers:
        _sweepers.pop().stop()
