"""Celery's entry points of leads, thin."""

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError

from core.jobs import shutdown
from core.tasks import ScopedTask
from leads.services.arriving.looking import look_at_every_place

log = structlog.get_logger("leadledger.tasks")


@shared_task(base=ScopedTask, name="leads.tasks.look_at_watched_places", ignore_result=True, acks_late=False)
def look_at_watched_places() -> None:
    """Look at folders, prefixes and mailboxes. Sent by the scheduler, as often as it likes."""
    with shutdown.termination_deferred():
        try:
            if taken := look_at_every_place():
                log.info("files_arrived", taken=taken)
        except (OperationalError, InterfaceError) as error:
            # What lies there is taken when the database is back.
            log.warning("places_not_looked_at", error=str(error))
