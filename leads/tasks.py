"""Celery's entry points of leads, thin."""

import structlog
from celery import shared_task

from core.tasks import ScopedTask
from leads.services.assigning.waiting import give_waiting_everywhere

log = structlog.get_logger("leadledger.tasks")


@shared_task(base=ScopedTask, name="leads.tasks.give_waiting_leads", ignore_result=True)
def give_waiting_leads() -> None:
    """Give the leads that wait for working hours or a new day, where they have come. Sent as often as one likes."""
    log.info("waiting_leads_given", given=give_waiting_everywhere())
