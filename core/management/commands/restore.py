"""Put a backup in place of what is here."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.backup import restore_backup
from core.management.base import Outcome, OutcomeCommand


class Command(OutcomeCommand):
    help = "Restore a backup of database and media. Until all of it is checked, nothing is changed."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--replace", action="store_true", help="Though something is stored here: it goes, all of it."
        )

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        started = time.monotonic()
        done = restore_backup(options["file"], replace=options["replace"])
        return {
            "file": str(options["file"]),
            "made_at": done.manifest.made_at,
            "tables": len(done.manifest.rows),
            "rows": sum(done.manifest.rows.values()),
            "media_files": done.media_files,
            "replaced": done.replaced,
            "differences": {table: list(counts) for table, counts in done.differences.items()},
            "seconds": round(time.monotonic() - started, 2),
        }

    def describe(self, outcome: Outcome) -> str:
        lines = [
            "The backup of {made_at} stands: {rows:,} rows of {tables} tables, counted and equal,"
            " and {media_files:,} media files.".format(**outcome)
        ]
        lines += [
            f"Made anew, {table} has {found:,} rows; it had {told:,}. Run check_integrity."
            for table, (told, found) in outcome["differences"].items()
        ]
        if outcome["replaced"]:
            went = ", ".join(f"{table} {count:,}" for table, count in outcome["replaced"].items())
            lines.append(f"In its place went: {went}.")
        return "\n".join([*lines, "Restart the web and worker processes; everybody signs in again."])
