"""Print the statistics of a line, or of one of its fields."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.errors import ApplicationError
from core.management.base import OrganizationCommand, Outcome
from core.models import Organization
from leads.queries.lines import get_line
from leads.queries.statistics.asking import LineFigures, read_asked
from leads.queries.statistics.counted import FIELD, FILLED, compute
from leads.queries.statistics.overview import line_overview
from leads.queries.statistics.tables import as_text, field_table, filled_table


class Command(OrganizationCommand):
    help = "Print how many leads a line has and what they have filled, or the values of one field."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--line", required=True, metavar="CODE", help="The business line.")
        parser.add_argument("--field", metavar="KEY", help="The field of which the values are printed.")
        parser.add_argument("--from", metavar="DAY", help="First day of creation, such as 2025-01-31.")
        parser.add_argument("--to", metavar="DAY", help="Last day of creation.")
        parser.add_argument("--source", metavar="NAME", help="Only leads of this source.")

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        actor = Actor.system(organization)
        asked = read_asked({name: options[name] or "" for name in ("from", "to", "source")})
        figures = LineFigures(actor, get_line(actor, options["line"]), asked)
        told = {"line": figures.line.code, "asked": asked.parameters()}
        if not options["field"]:
            return {**told, "overview": line_overview(figures), **compute(figures, FILLED)}
        entry = figures.entry(options["field"])
        if entry is None:
            raise ApplicationError("no_field", f"The line has no field “{options['field']}”.")
        return {**told, "field": compute(figures, FIELD + entry.name)}

    def describe(self, outcome: Outcome) -> str:
        if "field" not in outcome:
            header, rows = filled_table(outcome)
            return f"{outcome['leads']} leads\n{as_text(header, rows)}"
        field = outcome["field"]
        lines = [f"{field['label']}: {field['filled']['count']} of {field['leads']} filled"]
        lines += [f"{each['label']}: {each['value']}" for each in field["summary"]]
        return "\n".join([*lines, as_text(*field_table(field))])
