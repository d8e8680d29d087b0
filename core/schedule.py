"""What runs by the clock: Celery beat's schedule from the database, and work that is started once a day.

The tables of beat are closed to the application role.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from django_celery_beat.schedulers import DatabaseScheduler

from core.models import DailyRun, Organization
from core.production import refuse_insecure_settings
from core.scope import current_organization_id, organization_scope, system_scope

log = structlog.get_logger("leadledger.schedule")

# A day that lies further ahead was written by a clock that went wrong, and holds nothing up.
CLAIM = """
INSERT INTO core_dailyrun AS run (organization_id, name, day, started_at)
VALUES (%(organization)s, %(name)s, %(day)s, clock_timestamp())
ON CONFLICT (organization_id, name) DO UPDATE SET day = EXCLUDED.day, started_at = EXCLUDED.started_at
 WHERE run.day < EXCLUDED.day OR run.day > EXCLUDED.day + 1
RETURNING id
"""


class OwnerScheduler(DatabaseScheduler):
    """django-celery-beat's scheduler, each look into its tables through `system_scope`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse_insecure_settings()
        with system_scope(reason="schedule"):
            super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        if settings.BEAT_PULSE_FILE:
            # For health checks: whoever ticks lives.
            Path(settings.BEAT_PULSE_FILE).touch()
        with system_scope(reason="schedule"):
            return super().tick(*args, **kwargs)

    def sync(self) -> None:
        with system_scope(reason="schedule"):
            super().sync()


def day_due(
    organization: Organization, *, hour: int, late_by: timedelta = timedelta(), now: datetime | None = None
) -> date:
    """Return the last day on which it was `hour` in the organisation's timezone, `late_by` ago or more."""
    local = timezone.localtime(now or timezone.now(), organization.zone)
    return (local.replace(tzinfo=None) - timedelta(hours=hour) - late_by).date()


def organizations_without(name: str, *, hour: int, late_by: timedelta = timedelta()) -> list[Organization]:
    """Return the active organisations in which the daily work of that name is due and not started.

    One that was opened on the day itself begins with the next.
    """
    with system_scope(reason=name):
        days = dict(DailyRun.objects.filter(name=name).values_list("organization_id", "day"))
        organizations = list(Organization.objects.filter(is_active=True).order_by("pk"))
    found = []
    for organization in organizations:
        due = day_due(organization, hour=hour, late_by=late_by)
        opened = day_due(organization, hour=hour, now=organization.created_at)
        last = days.get(organization.pk, opened)
        if last < due or last > due + timedelta(days=1):
            found.append(organization)
    return found


DailyStart = Callable[[Organization], None]
_daily: dict[str, tuple[int, DailyStart]] = {}


def daily_work(name: str, *, hour: int) -> Callable[[DailyStart], DailyStart]:
    """Register, as a decorator in `<app>/daily.py`, what is started once a day in each organisation at `hour`.

    It runs within the organisation, in the transaction that claims the day: it enqueues jobs and does no more.
    """

    def register(start: DailyStart) -> DailyStart:
        if name in _daily:
            raise ValueError(f"The daily work {name} is registered twice.")
        _daily[name] = (hour, start)
        return start

    return register


def start_registered_work(*, late_by: timedelta = timedelta()) -> int:
    """Start the registered work that is due; return in how many organisations work was started.

    Any number of processes may call this at once.
    """
    autodiscover_modules("daily")
    started = 0
    for name, (hour, start) in sorted(_daily.items()):
        for organization in organizations_without(name, hour=hour, late_by=late_by):
            with organization_scope(organization, reason=name), transaction.atomic():
                if claim_day(name, day_due(organization, hour=hour, late_by=late_by)):
                    start(organization)
                    started += 1
    return started


RegularWork = Callable[[Organization], object]
_regular: dict[str, RegularWork] = {}


def regular_work(name: str) -> Callable[[RegularWork], RegularWork]:
    """Register, as a decorator in `<app>/daily.py`, what looks every few minutes whether anything is due.

    It runs within each active organisation, in a transaction, perhaps in several processes at once: what it does
    once it claims in the database.
    """

    def register(look: RegularWork) -> RegularWork:
        if name in _regular:
            raise ValueError(f"The regular work {name} is registered twice.")
        _regular[name] = look
        return look

    return register


def do_regular_work() -> None:
    """Do the registered work in each active organisation. Any number of processes may call this at once."""
    autodiscover_modules("daily")
    with system_scope(reason="regular work"):
        organizations = list(Organization.objects.filter(is_active=True).order_by("pk"))
    for name, look in sorted(_regular.items()):
        for organization in organizations:
            try:
                with organization_scope(organization, reason=name), transaction.atomic():
                    look(organization)
            except Exception:
                # What is wrong in one organisation holds up no other.
                log.exception("regular_work_failed", work=name, organization_id=organization.pk)


def claim_day(name: str, day: date) -> bool:
    """Whether the daily work of that name in the organisation in force is the caller's to start on `day`.

    Whoever asks at the same time waits for the caller's transaction, and is told no when it commits.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"organization": current_organization_id(), "name": name, "day": day})
        return cursor.fetchone() is not None
