"""Propose the fields of a business line from a file, and make the line of them."""

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.errors import ApplicationError
from core.jobs import run_job_inline
from core.management.base import OrganizationCommand, Outcome
from core.models import Job, Organization
from core.scope import organization_scope
from leads.proposals.proposal import Proposal
from leads.proposals.written import written_proposal
from leads.services.proposing import apply_proposal, propose_fields


class Command(OrganizationCommand):
    help = (
        "Propose fields from the columns of a CSV, TSV, XLSX, XLS or ODS file, with the evidence for each. "
        "With --apply the line is made, if need be, and published with them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--line", required=True, metavar="CODE", help="The business line the fields are for."
        )
        parser.add_argument(
            "--apply", action="store_true", help="Create the line if need be, add the fields, and publish it."
        )

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        path: Path = options["file"]
        if not path.is_file():
            raise ApplicationError("no_file", f"There is no file {path}.")
        actor = Actor.system(organization)
        with self.progress_bar(f"Looking at {path.name}") as progress:
            proposal = propose_fields(
                actor=actor,
                path=path,
                filename=path.name,
                line_code=options["line"],
                progress=progress,
            )
        outcome = {"line": options["line"], **written_proposal(proposal), "applied": options["apply"]}
        if options["apply"]:
            outcome["version"] = self._apply(actor, options["line"], proposal)
        return outcome

    @staticmethod
    def _apply(actor: Actor, code: str, proposal: Proposal) -> int:
        """Make the line; return the version in force. The jobs that a publication starts run here."""
        with organization_scope(actor.organization, request_id=uuid.uuid4().hex) as scope:
            applied = apply_proposal(
                actor=actor,
                line_code=code,
                definitions=[item.definition() for item in proposal.fields if not item.exists],
                duplicate_match=proposal.duplicate_match,
            )
            for job in Job.objects.filter(request_id=scope.request_id).order_by("id"):
                run_job_inline(job)
        applied.line.refresh_from_db()
        return applied.line.version

    def describe(self, outcome: Outcome) -> str:
        lines = [
            f"{field['label']} ({field['key']}): {field['type']}. {' '.join(_said(field))}"
            for field in outcome["fields"]
        ]
        lines += [
            f"Left out: {item['header'] or 'column ' + item['column']}. {item['reason']}"
            for item in outcome["dropped"]
        ]
        lines += outcome["notices"]
        told = f"A repeat is told by {', '.join(outcome['duplicate_match']) or 'nothing'}."
        done = (
            f"Line {outcome['line']} is published."
            if outcome["applied"]
            else "Nothing was written; --apply does."
        )
        return "\n".join(
            [*lines, f"{len(outcome['fields'])} fields from {outcome['rows']:,} rows. {told} {done}"]
        )


def _said(field: dict[str, Any]) -> list[str]:
    marks = [name for name in ("required", "unique", "indexed") if field["settings"].get(name)]
    said = [field["evidence"]["reason"], *field["evidence"]["notes"]]
    return [*said, f"[{', '.join(marks)}]"] if marks else said
