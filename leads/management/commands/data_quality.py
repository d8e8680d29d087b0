"""Judge the leads of a line and print their quality."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.jobs import run_job_inline
from core.management.base import OrganizationCommand, Outcome
from core.models import Organization
from leads.queries.lines import get_line
from leads.queries.statistics.asking import LineFigures, read_asked
from leads.queries.statistics.quality import line_quality
from leads.queries.statistics.tables import as_text, quality_table
from leads.services.statistics.judging import judge_quality


class Command(OrganizationCommand):
    help = (
        "Judge the leads of a line that were written since the last time, and print the line's data quality."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--line", required=True, metavar="CODE", help="The business line.")
        parser.add_argument("--from", metavar="DAY", help="First day of creation, such as 2025-01-31.")
        parser.add_argument("--to", metavar="DAY", help="Last day of creation.")
        parser.add_argument("--source", metavar="NAME", help="Only leads of this source.")

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        actor = Actor.system(organization)
        line = get_line(actor, options["line"])
        asked = read_asked({name: options[name] or "" for name in ("from", "to", "source")})
        with self.progress_bar(f"Judging {line.name}") as progress:
            run_job_inline(judge_quality(actor=actor, line=line), progress=progress)
        return {
            "line": line.code,
            "asked": asked.parameters(),
            **line_quality(LineFigures(actor, line, asked)),
        }

    def describe(self, outcome: Outcome) -> str:
        good = outcome["good"]
        word = "reached" if outcome["meets_target"] else "not reached"
        head = f"{good['count']} of {outcome['leads']} leads are good: {good['share']} %"
        head += f" (target {outcome['target']} %: {word})"
        return f"{head}\n{as_text(*quality_table(outcome))}"
