"""Celery is the wake-up: jobs live in the database (core/jobs) and are swept when a wake-up is lost."""

import os
from typing import Any

import django
from celery import Celery
from celery.signals import worker_init

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure_running()
app = Celery("leadledger")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect(dispatch_uid="config.refuse_insecure_settings")
def refuse_insecure_settings(**kwargs: Any) -> None:
    """End a worker whose settings are not fit for production before it takes anything up."""
    from core import production

    django.setup()
    production.refuse_insecure_settings()
