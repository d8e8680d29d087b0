"""Open an organisation."""

from typing import Any

from django.core.management.base import CommandParser

from core.management.base import Outcome, OutcomeCommand
from core.models.organization import CURRENCIES, LOCALES
from core.services.organizations import create_organization


class Command(OutcomeCommand):
    help = "Open an organisation. A short name that is taken is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "slug", metavar="SLUG", help="Short name for addresses and commands; never changes."
        )
        parser.add_argument("--name", help="Full name; the short name unless said otherwise.")
        parser.add_argument("--currency", default="INR", choices=[code for code, _label in CURRENCIES])
        parser.add_argument("--timezone", default="Asia/Kolkata", help="Such as Asia/Kolkata.")
        parser.add_argument("--locale", default="en-IN", choices=[code for code, _label in LOCALES])

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        organization = create_organization(
            slug=options["slug"],
            name=options["name"] or options["slug"],
            currency=options["currency"],
            timezone=options["timezone"],
            locale=options["locale"],
            reason="create_organization",
        )
        return {
            "id": organization.pk,
            "slug": organization.slug,
            "name": organization.name,
            "currency": organization.currency,
            "timezone": organization.timezone,
            "locale": organization.locale,
        }

    def describe(self, outcome: Outcome) -> str:
        return "The organisation {name} ({slug}) is open: {currency}, {timezone}.".format(**outcome)
