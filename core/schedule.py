"""Celery beat's schedule from the database. Its tables are closed to the application role."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from core.scope import system_scope


class OwnerScheduler(DatabaseScheduler):
    """django-celery-beat's scheduler, each look into its tables through `system_scope`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        with system_scope(reason="schedule"):
            super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        with system_scope(reason="schedule"):
            return super().tick(*args, **kwargs)

    def sync(self) -> None:
        with system_scope(reason="schedule"):
            super().sync()
