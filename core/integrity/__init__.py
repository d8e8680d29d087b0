"""What must always hold, counted over the rows: each app registers its checks in `<app>/integrity.py`."""

from core.integrity.registry import (
    CheckResult,
    Tally,
    database_check,
    integrity_check,
    run_checks,
)

__all__ = ["CheckResult", "Tally", "database_check", "integrity_check", "run_checks"]
