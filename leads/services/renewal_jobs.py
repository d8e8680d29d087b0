"""Asking for a job that brings what follows from a line's rules to its stored leads (`leads.services.line_renewal`)."""

from accounts.actor import Actor
from core.models import UNFINISHED, Job
from core.services.jobs import enqueue_job
from leads.models import BusinessLine, Lead


def ask_for_renewal(actor: Actor, line: BusinessLine, kind: str, title: str) -> bool:
    """Have a line, locked against its leads, renewed, unless nothing is stored or a job will do it; return which."""
    if not Lead.objects.filter(line=line).exists():
        return False
    jobs = Job.objects.filter(kind=kind, state__in=UNFINISHED, parameters__line=line.pk)
    if not any(not job.cursor.get("is_over") and not job.cancel_requested for job in jobs):
        enqueue_job(kind=kind, title=title, parameters={"line": line.pk}, actor=actor)
    return True
