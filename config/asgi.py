"""The web process: `uvicorn config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Each request runs in a thread of its own, so connections are kept in a pool rather than per thread.
os.environ.setdefault("DATABASE_POOL", "true")
embedded.ensure_running()
application = get_asgi_application()
