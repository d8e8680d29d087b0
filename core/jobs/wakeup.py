"""Tells the workers that something is due. A wake-up may be lost: the sweeper finds whatever is due."""

import functools

import structlog
from celery import Celery
from django.conf import settings

log = structlog.get_logger("leadledger.jobs")

RUN_JOB = "core.tasks.run_job"
DELIVER_MESSAGES = "core.tasks.deliver_messages"
# Whoever delivers takes all that is due: a wake-up that waited for long says nothing new.
DELIVERY_EXPIRES_SECONDS = 60
# One try, and seconds at most: who sends a wake-up does not wait for a broker that is away.
ONE_TRY = {"max_retries": 0, "socket_connect_timeout": 2, "socket_timeout": 5}


@functools.cache
def _sender() -> Celery:
    """A Celery application that only sends: any process can wake workers, whatever it has imported."""
    sender = Celery(
        "leadledger.wakeup", broker=settings.CELERY_BROKER_URL, set_as_current=False, fixups=set()
    )
    sender.conf.task_default_queue = settings.CELERY_TASK_DEFAULT_QUEUE
    return sender


def send_wake_up(job_id: int) -> bool:
    """Send a wake-up for the job; return whether the broker took it. Never raises, never retries."""
    return _send(RUN_JOB, [job_id])


def wake_deliveries() -> bool:
    """Send a wake-up for messages that are due; return whether the broker took it. As `send_wake_up`."""
    return _send(DELIVER_MESSAGES, [], expires=DELIVERY_EXPIRES_SECONDS)


def _send(task: str, arguments: list[int], **options: int) -> bool:
    """Send by a connection of its own each time: a pool would be shared with the children that a worker forks."""
    try:
        with _sender().connection_for_write(transport_options=ONE_TRY) as connection:
            _sender().send_task(
                task, args=arguments, retry=False, ignore_result=True, connection=connection, **options
            )
    except Exception as error:
        # The broker is away: its libraries raise what they like.
        log.warning("wake_up_lost", task=task, arguments=arguments, error=str(error))
        return False
    return True
