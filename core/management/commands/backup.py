"""Write everything into one file: database and media."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.backup import make_backup
from core.management.base import Outcome, OutcomeCommand


class Command(OutcomeCommand):
    help = "Write database and media into one file. It holds personal data: keep it safe."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE", help="A new file, such as monday.zip.")

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        started = time.monotonic()
        made = make_backup(options["file"])
        return {
            "file": str(made.path),
            "bytes": made.size,
            "tables": len(made.manifest.rows),
            "rows": sum(made.manifest.rows.values()),
            "media_files": made.manifest.media_files,
            "seconds": round(time.monotonic() - started, 2),
        }

    def describe(self, outcome: Outcome) -> str:
        return (
            "{file}: {rows:,} rows of {tables} tables and {media_files:,} media files in {bytes:,} bytes."
        ).format(**outcome)
