"""Load a file of leads into a business line: received, checked and loaded as on the pages."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.errors import ApplicationError
from core.intake.hand_back import write_errors
from core.intake.storage import local_path
from core.jobs import run_job_inline
from core.management.base import OrganizationCommand, Outcome
from core.models import Intake, Job, Organization
from core.queries.intakes import get_intake
from core.services.intakes import accept_drift, check_intake, discard_intake, load_intake, receive_file
from core.services.saved_mappings import save_mapping

CHUNK_BYTES = 1024 * 1024
PRINTED = ("data_rows", "accepted", "updated", "rejected", "duplicate", "held", "reasons")


class Command(OrganizationCommand):
    help = "Load leads from a CSV, TSV, XLSX, XLS or ODS file. Rejected rows come back in an error workbook."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--line", required=True, metavar="CODE", help="The business line to load into.")
        parser.add_argument("--dry-run", action="store_true", help="Check every row and load none.")
        parser.add_argument(
            "--on-duplicate",
            choices=("skip", "update", "create"),
            help="What to do with repeats, instead of what the line says.",
        )
        parser.add_argument(
            "--mapping",
            metavar="NAME",
            default="",
            help="Read the columns by this saved mapping, instead of the one saved for the file's header, if any.",
        )
        parser.add_argument(
            "--accept-drift",
            action="store_true",
            help="Where the header differs from that of the saved mapping: take what is suggested.",
        )
        parser.add_argument(
            "--remember-as",
            metavar="NAME",
            default="",
            help="Save how the columns are read, for files with the same header.",
        )

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        started = time.monotonic()
        actor = Actor.system(organization)
        intake = self._receive(actor, options)
        job = self._begin(actor, intake, options)
        with self.progress_bar(job.title) as progress:
            counts = run_job_inline(job, progress=progress).result or {}
        return {
            "job": job.pk,
            **{name: counts[name] for name in PRINTED},
            "mapping": self._mapping_of(actor, intake),
            "error_file": None
            if options["dry_run"]
            else self._hand_back(actor, get_intake(actor, intake.pk)),
            "seconds": round(time.monotonic() - started, 2),
        }

    @staticmethod
    def _begin(actor: Actor, intake: Intake, options: dict[str, Any]) -> Job:
        begin = check_intake if options["dry_run"] else load_intake
        try:
            if options["accept_drift"]:
                accept_drift(actor=actor, intake_id=intake.pk)
            if options["remember_as"]:
                save_mapping(actor=actor, intake_id=intake.pk, name=options["remember_as"])
            return begin(actor=actor, intake_id=intake.pk, inline=True)
        except ApplicationError:
            # Nobody sits at a page to put right what keeps the file from being loaded.
            discard_intake(actor=actor, intake_id=intake.pk)
            raise

    def _receive(self, actor: Actor, options: dict[str, Any]) -> Intake:
        path: Path = options["file"]
        if not path.is_file():
            raise ApplicationError("no_file", f"There is no file {path}.")
        chosen = {"on_duplicate": options["on_duplicate"]} if options["on_duplicate"] else {}
        return receive_file(
            actor=actor,
            importer="leads",
            target=options["line"],
            filename=path.name,
            chunks=_chunks(path),
            options=chosen,
            saved_mapping=options["mapping"],
        )

    @staticmethod
    def _mapping_of(actor: Actor, intake: Intake) -> str | None:
        """The saved mapping that the columns were read by, told whether it was named or taken by itself."""
        mapping = get_intake(actor, intake.pk).saved_mapping
        return mapping.name if mapping else None

    @staticmethod
    def _hand_back(actor: Actor, intake: Intake) -> str | None:
        if not intake.rejected:
            return None
        path = local_path(f"{intake.path}.errors.xlsx")
        write_errors(actor, intake, path)
        return str(path)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
