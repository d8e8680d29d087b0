"""Remove what is old now, or count what would go."""

from typing import Any

from django.core.management.base import CommandParser

from core.jobs import run_job_inline
from core.management.base import Outcome, OutcomeCommand, find_organization
from core.models import Organization
from core.retention.registry import registered_purges
from core.retention.running import RETENTION, TITLE
from core.scope import organization_scope, system_scope
from core.services.jobs import reserve_job


class Command(OutcomeCommand):
    help = "Remove technical rows and files that are older than the settings say. Runs by itself once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--organization", metavar="SLUG", help="What belongs to this organisation only.")
        parser.add_argument("--dry-run", action="store_true", help="Count what would go, and remove nothing.")

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        organizations = self._organizations(options["organization"])
        rows = dict.fromkeys((purge.name for purge in registered_purges()), 0)
        for organization in organizations:
            with organization_scope(organization, reason="purge"):
                found = self._count() if options["dry_run"] else self._remove(organization)
            for name, number in found.items():
                # What belongs to no organisation is found by each of them, and removed by the first.
                rows[name] = (
                    max(rows[name], number) if self._is_shared(name, options) else rows[name] + number
                )
        return {
            "dry_run": options["dry_run"],
            "purges": {
                purge.name: {"days": purge.days, "rows": rows[purge.name]} for purge in registered_purges()
            },
            "rows": sum(rows.values()),
        }

    def describe(self, outcome: Outcome) -> str:
        width = max(map(len, outcome["purges"]), default=0)
        verb = "would go" if outcome["dry_run"] else "removed"
        return "\n".join(
            f"{name:{width}}  kept {self._days(found['days']):>10}  {found['rows']:>12,} {verb}"
            for name, found in outcome["purges"].items()
        )

    @staticmethod
    def _days(days: int) -> str:
        return f"{days} days" if days else "for ever"

    @staticmethod
    def _is_shared(name: str, options: dict[str, Any]) -> bool:
        shared = {purge.name for purge in registered_purges() if purge.whole_installation}
        return bool(options["dry_run"]) and name in shared

    @staticmethod
    def _organizations(slug: str | None) -> list[Organization]:
        if slug:
            return [find_organization(slug)]
        with system_scope(reason="purge"):
            return list(Organization.objects.order_by("pk"))

    @staticmethod
    def _count() -> dict[str, int]:
        found = {}
        for purge in registered_purges():
            with purge.scope():
                found[purge.name] = purge.count(purge.before) if purge.before else 0
        return found

    def _remove(self, organization: Organization) -> dict[str, int]:
        job = reserve_job(kind=RETENTION, title=TITLE)
        with self.progress_bar(f"{TITLE}: {organization.slug}") as progress:
            done = run_job_inline(job, progress=progress)
        return dict((done.result or {}).get("rows", {}))
