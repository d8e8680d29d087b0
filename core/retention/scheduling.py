"""Starting the daily job: by the scheduler's tick, and by any worker that finds it overdue."""

from datetime import timedelta

from django.db import transaction

from core.retention.running import RETENTION, TITLE
from core.schedule import claim_day, day_due, organizations_without
from core.scope import organization_scope
from core.services.jobs import enqueue_job

# When people sleep, in the organisation's timezone.
HOUR = 2
# The scheduler's tick comes first; who looks after it lets this much time pass.
GRACE = timedelta(minutes=30)


def start_retention(*, late_by: timedelta = timedelta()) -> int:
    """Start today's job of every organisation whose job has not been started; return how many were.

    Any number of processes may call this at once: each job is started by one of them.

    Args:
        late_by: start those only that have been due for so long.
    """
    started = 0
    for organization in organizations_without(RETENTION, hour=HOUR, late_by=late_by):
        with organization_scope(organization, reason=RETENTION), transaction.atomic():
            if claim_day(RETENTION, day_due(organization, hour=HOUR, late_by=late_by)):
                enqueue_job(kind=RETENTION, title=TITLE)
                started += 1
    return started
