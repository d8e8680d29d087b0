"""Celery is the wake-up: jobs live in the database (core/jobs) and are swept when a wake-up is lost."""

import os

from celery import Celery

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.ensure_running()
app = Celery("leadledger")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
