"""Celery's entry points of leads, thin."""

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError

from core.jobs import shutdown
from core.tasks import ScopedTask
from leads.services.arriving.looking import look_at_every_place
from leads.services.assigning.waiting import give_waiting_everywhere
from leads.services.stalling.escalating import escalate_everywhere

log = structlog.get_logger("leadledger.tasks")


@shared_task(base=ScopedTask, name="leads.tasks.escalate_stalled_leads", ignore_result=True)
def escalate_stalled_leads() -> None:
    """Take the steps about stalled leads that are due. Sent by the scheduler, as often as it likes."""
    try:
        taken = escalate_everywhere()
    except (OperationalError, InterfaceError) as error:
        # What is due stays so until the next look.
        log.warning("stalled_leads_not_escalated", error=str(error))
    else:
        if taken:
            log.info("stalled_leads_escalated", steps=taken)


@shared_task(base=ScopedTask, name="leads.tasks.give_waiting_leads", ignore_result=True)
def give_waiting_leads() -> None:
    """Give the leads that wait for working hours or a new day, where they have come. Sent as often as one likes."""
    try:
        given = give_waiting_everywhere()
    except (OperationalError, InterfaceError) as error:
        # Who waits does so until the next look.
        log.warning("waiting_leads_not_given", error=str(error))
    else:
        if given:
            log.info("waiting_leads_given", given=given)


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
