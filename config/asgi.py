"""The web process: `uvicorn config.asgi:application`."""

import os

import django
from django.conf import settings

from config import embedded
from core.body_limit import BodyLimit
from core.production import refuse_insecure_settings
from core.request_handler import OneThreadHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Each request runs in a thread of its own, so connections are kept in a pool rather than per thread.
os.environ.setdefault("DATABASE_POOL", "true")
django.setup(set_prefix=False)
django_application = OneThreadHandler()
refuse_insecure_settings()
embedded.ensure_running()

application = BodyLimit(
    django_application,
    small=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    # The form around a file needs a little room.
    large=settings.INTAKE_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    large_paths=(
        r"/imports/(new|[0-9]+/correct)/|/console/configuration/import/|/api/v1/imports/?"
        r"|/fields-from-a-file/new/|/api/v1/lines/proposals/?"
        r"|/leads/new/|/leads/[A-Za-z0-9]+/edit/|/api/v1/files/?"
    ),
    public=settings.FORM_FILES_MEGABYTES * 2**20 + settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    public_paths=r"/f/[A-Za-z0-9_-]{20,64}/",
)
