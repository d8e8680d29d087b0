"""Counting figures that take longer than a request may, by a job; what it found is kept with its moment."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of, permissions_named
from accounts.models import Membership
from core.errors import NotPermitted
from core.jobs import JobRun, job_kind
from core.models import Job, Organization
from core.services.jobs import enqueue_job
from leads.models import BusinessLine, CountedFigures
from leads.queries.statistics.asking import Asked, LineFigures, read_asked
from leads.queries.statistics.counted import COUNT_FIGURES, compute, counting_job


def count_figures(*, actor: Actor, line: BusinessLine, asked: Asked, what: str) -> Job:
    """Have a job count figures of a line, as the actor sees its leads; return the one that is at it already, if any.

    Raises as `LineFigures`.
    """
    figures = LineFigures(actor, line, asked)
    key = figures.key(what)
    with transaction.atomic(), connection.cursor() as cursor:
        # Two presses at the same time make one job.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
        return counting_job(figures, key) or enqueue_job(
            kind=COUNT_FIGURES,
            title=f"Figures of {line.name}",
            parameters={
                "line": line.pk,
                "what": what,
                "asked": asked.parameters(),
                "key": key,
                "scopes": names_of(actor.scopes),
            },
            actor=actor,
        )


@job_kind(COUNT_FIGURES, area="leads")
def count(run: JobRun) -> dict[str, Any]:
    """Count and keep figures, as who asked sees the leads now. Interrupted, it begins again."""
    line = BusinessLine.everything.get(pk=run.parameters["line"])
    figures = LineFigures(_actor_of(run.job), line, read_asked(run.parameters["asked"]))
    what = run.parameters["what"]
    moment = timezone.now()
    found = compute(figures, what)
    with run.batch():
        keep_figures(figures.key(what), found, moment)
        run.advance(done=1, total=1)
    return {"leads": found.get("leads", 0)}


def keep_figures(key: str, figures: Mapping[str, Any], moment: Any) -> None:
    """Keep figures instead of older ones of the same key."""
    CountedFigures.objects.bulk_create(
        [CountedFigures(key=key, figures=dict(figures), counted_at=moment)],
        update_conflicts=True,
        unique_fields=["organization", "key"],
        update_fields=["figures", "counted_at"],
    )


def _actor_of(job: Job) -> Actor:
    """Who asked, with the roles of today and within what the credential allowed."""
    if job.created_by_id is None:
        return Actor.system(Organization.objects.get(pk=job.organization_id))
    members = Membership.objects.filter(user_id=job.created_by_id, is_active=True)
    member = members.select_related("user", "organization").first()
    if member is None:
        raise NotPermitted("Who asked for these figures is no longer a member.")
    return Actor.of(member, permissions_named(job.parameters.get("scopes")))
