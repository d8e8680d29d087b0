"""Bring a configuration file into an organisation: all of it, or nothing and every problem by its path."""

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.configuration import import_document, read_document
from core.errors import ApplicationError
from core.jobs import run_job_inline
from core.management.base import OrganizationCommand, Outcome
from core.models import Job, Organization
from core.scope import organization_scope


class Command(OrganizationCommand):
    help = "Bring in business lines, sources and campaigns from a configuration file, and publish the lines."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would change, and change nothing."
        )
        parser.add_argument(
            "--skip-unknown", action="store_true", help="Pass over what this installation has no part for."
        )
        parser.add_argument(
            "--retire-missing",
            action="store_true",
            help="Retire the fields of a line that the file does not have.",
        )

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        path: Path = options["file"]
        if not path.is_file():
            raise ApplicationError("no_file", f"There is no file {path}.")
        document = read_document(path.read_bytes())
        # Jobs carry the id of the request that asked for them; so this run finds its own.
        with organization_scope(organization, request_id=uuid.uuid4().hex) as scope:
            report = import_document(
                actor=Actor.system(organization),
                document=document,
                dry_run=options["dry_run"],
                skip_unknown=options["skip_unknown"],
                retire_missing=options["retire_missing"],
            )
            for job in Job.objects.filter(request_id=scope.request_id).order_by("id"):
                with self.progress_bar(job.title) as progress:
                    run_job_inline(job, progress=progress)
        return dict(report.outcome())

    def describe(self, outcome: Outcome) -> str:
        counts = ", ".join(f"{name} {outcome[name]}" for name in ("created", "changed", "unchanged"))
        lines = [_in_words(change) for change in outcome["diff"]]
        lines += [f"- {path}: passed over" for path in outcome["skipped"]]
        lines += [f"- {path}: not in the file, left alone" for path in outcome["left_alone"]]
        return "\n".join([counts.capitalize() + ".", *lines])


def _in_words(change: dict[str, Any]) -> str:
    if change["change"] == "created":
        return f"+ {change['path']}"
    return f"~ {change['path']}: {change['old']!r} → {change['new']!r}"
