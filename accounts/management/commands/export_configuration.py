"""Write an organisation's configuration as the file that `import_configuration` reads."""

import json
from typing import Any

from accounts.actor import Actor
from core.configuration import export_document
from core.management.base import OrganizationCommand, Outcome
from core.models import Organization


class Command(OrganizationCommand):
    help = "Print the configuration of an organisation, to be reviewed, kept, or brought in elsewhere."

    def perform(self, organization: Organization, options: dict[str, Any]) -> Outcome:
        return export_document(actor=Actor.system(organization))

    def describe(self, outcome: Outcome) -> str:
        return json.dumps(outcome, indent=1, ensure_ascii=False)
