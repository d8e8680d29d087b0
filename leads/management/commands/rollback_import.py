"""Take an import back: its leads are withdrawn, what it changed is restored, what was edited since is kept."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.actor import Actor
from core.errors import ApplicationError
from core.jobs import run_job_inline
from core.management.base import Outcome, OutcomeCommand
from core.models import Job
from core.queries.intakes import get_intake_of_job
from core.scope import organization_scope, system_scope
from core.services.intakes import roll_back_intake


class Command(OutcomeCommand):
    help = "Roll back the import that a job loaded (the number that import_leads prints)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("job", type=int, metavar="JOB")

    def enter_and_perform(self, options: dict[str, Any]) -> Outcome:
        with system_scope(reason="rollback_import"):
            found = Job.objects.select_related("organization").filter(pk=options["job"]).first()
        if found is None:
            raise ApplicationError("no_job", f"There is no job {options['job']}.")
        with organization_scope(found.organization, reason="rollback_import"):
            actor = Actor.system(found.organization)
            intake = get_intake_of_job(actor, found.pk)
            job = roll_back_intake(actor=actor, intake_id=intake.pk, inline=True)
            with self.progress_bar(job.title) as progress:
                report = run_job_inline(job, progress=progress).result or {}
        kept = report["kept_edited"]
        return {
            "withdrawn": report["withdrawn"],
            "restored": report["restored"],
            "kept_edited": len(kept),
            "edited_references": kept,
        }
