"""The operations console's look and menu (django-unfold). The console's engineer keeps this file."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "LeadLedger console", "SITE_HEADER": "LeadLedger", "SITE_URL": "/"}
