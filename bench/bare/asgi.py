"""The bare web process: `uvicorn bench.bare.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare.settings"
application = get_asgi_application()
