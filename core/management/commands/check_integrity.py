"""Check everything that must always hold, for all organisations or one. Reads only."""

from typing import Any

from django.core.management.base import CommandParser

from core.integrity import run_checks
from core.management.base import Outcome, OutcomeCommand, find_organization
from core.models import Organization
from core.scope import system_scope


class Command(OutcomeCommand):
    help = "Check every invariant; exit status 1 if any breaks."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--organization", metavar="SLUG", help="Check this organisation's rows only.")

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        found = run_checks(self._organizations(options["organization"]))
        return {
            "checks": {
                name: {"tried": tally.tried, "breaks": tally.breaks, "examples": tally.examples}
                for name, tally in found.items()
            },
            "breaks": sum(tally.breaks for tally in found.values()),
        }

    def describe(self, outcome: Outcome) -> str:
        width = max(map(len, outcome["checks"]), default=0)
        lines = []
        for name, tally in outcome["checks"].items():
            lines.append(f"{name:{width}}  {tally['tried']:>12,} tried  {tally['breaks']:>8,} broken")
            lines += [f"    {example}" for example in tally["examples"]]
        return "\n".join([*lines, "Everything holds." if not outcome["breaks"] else "Something is broken."])

    def exit_status(self, outcome: Outcome) -> int:
        return 1 if outcome["breaks"] else 0

    @staticmethod
    def _organizations(slug: str | None) -> list[Organization]:
        if slug:
            return [find_organization(slug)]
        with system_scope(reason="integrity"):
            return list(Organization.objects.order_by("slug"))
