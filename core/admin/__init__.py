"""The operations console: its frame, and what the foundation itself shows there."""

from core.admin import intakes, jobs, organizations, outbox, retention
from core.admin.base import ReadOnlyAdmin, ServiceModelAdmin
from core.admin.site import console

__all__ = [
    "ReadOnlyAdmin",
    "ServiceModelAdmin",
    "console",
    "intakes",
    "jobs",
    "organizations",
    "outbox",
    "retention",
]
