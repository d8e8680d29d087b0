"""Celery's entry points of the foundation, thin."""

from typing import Any

import structlog
from celery import Task, shared_task
from django.db import InterfaceError, OperationalError

from core.jobs import runner, shutdown
from core.jobs import worker as worker
from core.jobs.wakeup import wake_deliveries
from core.outbox.delivering import deliver_due
from core.retention.scheduling import start_retention
from core.schedule import do_regular_work, start_registered_work
from core.scope import Scope, entered

log = structlog.get_logger("leadledger.tasks")

# Then other tasks have their turn.
DELIVERY_SECONDS = 20.0


class ScopedTask(Task):
    """A task that begins without an organisation, so that reading rows before entering one is refused."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        request_id = self.request.id or ""
        with (
            entered(Scope(request_id=request_id)),
            structlog.contextvars.bound_contextvars(task=self.name, task_id=request_id),
        ):
            return super().__call__(*args, **kwargs)


@shared_task(base=ScopedTask, name="core.tasks.run_job", ignore_result=True, acks_late=False)
def run_job(job_id: int) -> None:
    """Run a job if nobody holds it. The wake-up is acknowledged at once: the job's lease is what counts."""
    with shutdown.termination_deferred():
        if shutdown.requested():
            # The sweeper of another worker sends the next wake-up.
            return
        try:
            runner.run_job(job_id)
        except (OperationalError, InterfaceError) as error:
            # Not taken: the job is still due, and swept when the database is back.
            log.warning("job_not_taken", job_id=job_id, error=str(error))


@shared_task(base=ScopedTask, name="core.tasks.deliver_messages", ignore_result=True, acks_late=False)
def deliver_messages() -> None:
    """Deliver the messages that are due. The wake-up is acknowledged at once: their leases are what counts."""
    with shutdown.termination_deferred():
        try:
            if not deliver_due(seconds=DELIVERY_SECONDS, stop=shutdown.requested):
                wake_deliveries()
        except (OperationalError, InterfaceError) as error:
            # What is due stays so, and is swept when the database is back.
            log.warning("messages_not_delivered", error=str(error))


@shared_task(base=ScopedTask, name="core.tasks.start_daily_work", ignore_result=True)
def start_daily_work() -> None:
    """Start what runs once a day, where it is due, and do what looks more often. Sent every few minutes."""
    log.info("daily_work_looked_after", started=start_retention() + start_registered_work())
    do_regular_work()
