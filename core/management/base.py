"""What every command of ours has in common: one outcome, shown to people or as JSON, and clear refusals.

Exit status: 0 when done, 1 with one line on standard error when refused, 2 for wrong usage.
"""

import json
import sys
import uuid
from abc import abstractmethod
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from core.errors import ApplicationError
from core.management.progress import ProgressBar
from core.models import Organization
from core.scope import organization_scope, system_scope

log = structlog.get_logger("leadledger.commands")

Outcome = dict[str, Any]


class OutcomeCommand(BaseCommand):
    """A command that comes to one outcome. Subclasses say `perform` and, for people, `describe`."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--json`; subclasses add theirs and call this."""
        parser.add_argument(
            "--json", action="store_true", dest="as_json", help="Print one JSON object and nothing else."
        )

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Perform, show the outcome, and end with its exit status."""
        outcome = self.enter_and_perform(options)
        self.stdout.write(
            json.dumps(outcome, cls=DjangoJSONEncoder, ensure_ascii=False)
            if options["as_json"]
            else self.describe(outcome)
        )
        if status := self.exit_status(outcome):
            sys.exit(status)

    @abstractmethod
    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        """Do the work in the right scope, and return what `--json` prints."""

    def describe(self, outcome: Outcome) -> str:
        """Return the outcome in words; a line for each of its values unless a command knows better."""
        return "\n".join(f"{name}: {_in_words(value)}" for name, value in outcome.items())

    def exit_status(self, outcome: Outcome) -> int:
        """Return the exit status that goes with the outcome."""
        return 0

    def progress_bar(self, label: str) -> ProgressBar:
        """Return a bar on standard error, as a block: `with self.progress_bar("Loading") as progress`."""
        return ProgressBar(label, sys.stderr)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run from a command line, where a refusal is one line and never a traceback."""
        try:
            super().run_from_argv(argv)
        except ApplicationError as error:
            self.stderr.write(one_line(error))
            sys.exit(1)
        except Exception:
            if "--traceback" in argv:
                raise
            error_id = uuid.uuid4().hex[:12]
            log.exception("command_crashed", command=argv[1], error_id=error_id)
            self.stderr.write(f"Something went wrong; the log has the details under the error id {error_id}.")
            sys.exit(1)


class OrganizationCommand(OutcomeCommand):
    """A command that works inside the organisation named by `--organization`, as the application role."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--organization", metavar="SLUG", required=True, help="Short name of the organisation to work in."
        )

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        organization = find_organization(options["organization"])
        with organization_scope(organization, reason=self.__module__.rpartition(".")[2]):
            return self.perform(organization, options)

    @abstractmethod
    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        """Do the work, in the organisation's scope, and return what `--json` prints."""


def find_organization(slug: str) -> Organization:
    """Return the organisation of that short name; raise ApplicationError, naming others, if there is none."""
    with system_scope(reason="command"):
        found = Organization.objects.filter(slug=slug).first()
        if found:
            return found
        slugs = list(Organization.objects.order_by("slug").values_list("slug", flat=True)[:10])
    known = f"There are: {', '.join(slugs)}." if slugs else "Make one with create_organization."
    raise ApplicationError("unknown_organization", f"There is no organisation “{slug}”. {known}")


def one_line(error: ApplicationError) -> str:
    """Return the error with what is wrong with each field, on one line."""
    fields = [
        f"{name}: {' '.join(problem.message for problem in problems)}"
        for name, problems in error.fields.items()
    ]
    return " ".join("; ".join([error.message, *fields]).split())


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(each)}" for name, each in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_in_words, value)) or "none"
    return "none" if value is None else str(value)
