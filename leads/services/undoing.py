"""Taking a change of many leads back, as `bulk` made it: a job, in batches, as who asks may change the leads now.

What stood on each lead was kept in the transaction of its change. A lead that somebody has changed since stays as it
is and is named; each lead is taken back once, in the transaction that marks it so.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.key_scopes import names_of
from accounts.models import Membership
from accounts.queries.memberships import reachable_member_ids
from accounts.roles import Area
from core.errors import ApplicationError, Conflict, NotVisible
from core.jobs import JobRun, job_kind, run_job_inline
from core.models import Job, JobState
from core.services.jobs import enqueue_job, reserve_job
from leads.models import BulkChange, BulkChangedLead, BusinessLine, Lead, Tag, Undone
from leads.queries.bulk import BULK, UNDO, get_bulk_change, undo_until
from leads.queries.leads import visible_leads
from leads.services.bulk import ASSIGN, AT_ONCE, BATCH, STAGE, STATUS, TAG, Change
from leads.services.exports import asker_of
from leads.services.leads_given import wait_again
from leads.services.lines import pin_line
from leads.services.scoring.applying import write_scores
from leads.services.stalling.clocks import renew_clocks
from leads.services.tags import add_tag_to, remove_tag_from

NOTHING_UNDONE = {fate.value: 0 for fate in Undone}
# What stood on a lead, by the columns that a change of many writes.
COLUMNS = {
    ASSIGN: "owner_id = (kept.before->>'owner')::bigint, team_id = (kept.before->>'team')::bigint",
    STAGE: "stage = kept.before->>'stage'",
    STATUS: "status = kept.before->>'status'",
}
PUT_BACK = """
UPDATE leads_lead AS lead SET {columns}, updated_at = %(now)s
  FROM leads_bulkchangedlead kept
 WHERE kept.organization_id = %(organization)s AND kept.id = ANY(%(rows)s)
   AND lead.organization_id = kept.organization_id AND lead.id = kept.lead_id
"""
# The follow-ups that went along with a lead go back, unless they are done or somebody else's by now.
GIVE_BACK = """
UPDATE leads_followup AS planned SET assignee_id = (kept.before->>'owner')::bigint
  FROM leads_bulkchangedlead kept
 WHERE kept.organization_id = %(organization)s AND kept.id = ANY(%(rows)s)
   AND planned.organization_id = kept.organization_id AND planned.lead_id = kept.lead_id
   AND kept.before->'follow_ups' @> to_jsonb(planned.id)
   AND planned.done_at IS NULL AND planned.deleted_at IS NULL
   AND planned.assignee_id IS NOT DISTINCT FROM %(owner)s
"""


def undo_bulk_change(*, actor: Actor, job_id: int) -> Job:
    """Take back one's own change of many leads; return the job, done where the leads are few.

    However often and by however many at once it is asked for, it happens once; what a job that failed or was stopped
    has left, the next one goes on with.

    Raises:
        NotVisible: the actor has no such change.
        NotPermitted: the actor may not do this to leads any more.
        Conflict: it is still going on, changed nothing, or was made too long ago.
    """
    job = get_bulk_change(actor, job_id)
    if job.kind != BULK:
        raise NotVisible("You have no change with this number.")
    actor.require(Area.LEADS, Change(job.parameters["action"], None).verb)
    with transaction.atomic():
        # Whoever asks at the same time waits here, and finds what the first has begun.
        change = BulkChange.objects.select_for_update().filter(job=job.pk).first()
        earlier = Job.objects.filter(pk=change.undo_job).first() if change and change.undo_job else None
        if earlier is not None and earlier.state not in (JobState.FAILED, JobState.CANCELLED):
            return earlier
        left = BulkChangedLead.objects.filter(job=job.pk, undone="")[: AT_ONCE + 1].count()
        _check(job, change, left)
        assert change is not None
        is_few = left <= AT_ONCE
        make = reserve_job if is_few else enqueue_job
        undo = make(
            kind=UNDO,
            title=f"Take back: {job.title}"[:200],
            parameters={"change": job.pk, "scopes": names_of(actor.scopes)},
            actor=actor,
        )
        change.undo_job = undo.pk
        change.save(update_fields=["undo_job"])
    if is_few:
        try:
            run_job_inline(undo)
        except ApplicationError:
            # The job's own row tells what happened, on its page.
            undo.refresh_from_db()
    return undo


def _check(job: Job, change: BulkChange | None, left: int) -> None:
    if not job.is_finished:
        raise Conflict("not_finished", "This change is still going on. Stop it first, or wait for its end.")
    until = undo_until(job)
    if change is None or (until is not None and until < timezone.now()):
        days = settings.RETENTION_BULK_CHANGES_DAYS
        raise Conflict(
            "too_late", f"A change can be taken back for {days} days. Change the leads again instead."
        )
    if not left:
        raise Conflict("nothing_to_undo", "This change left every lead as it was.")


@job_kind(UNDO, area="audit", can_pause=True)
def take_back(run: JobRun) -> dict[str, Any]:
    """Take a change back batch by batch, as who asked for it may change the leads now."""
    actor = asker_of(run.job)
    made = get_bulk_change(actor, run.parameters["change"])
    rows = BulkChangedLead.objects.filter(job=made.pk, undone="").order_by("lead_id")
    if not run.cursor:
        run.advance(cursor={"counts": NOTHING_UNDONE, "is_over": False}, total=rows.count())
    while not run.cursor["is_over"]:
        with run.batch():
            batch = list(rows[:BATCH])
            counts = dict(run.cursor["counts"])
            for fate, numbers in _Batch(actor, made.parameters).fates(batch).items():
                BulkChangedLead.objects.filter(pk__in=numbers).update(undone=fate)
                counts[fate] += len(numbers)
            run.advance(cursor={"counts": counts, "is_over": len(batch) < BATCH}, done=run.done + len(batch))
    return dict(run.cursor["counts"])


class _Batch:
    """Takes some leads back in the transaction of a batch."""

    def __init__(self, actor: Actor, asked: Mapping[str, Any]) -> None:
        self.actor = actor
        self.change = Change(asked["action"], asked["value"])
        self.line_id: int = asked["line"]

    def fates(self, rows: Sequence[BulkChangedLead]) -> dict[str, list[int]]:
        """Take back what may be and is as it was left; return fate → the numbers of the rows that met it."""
        found: dict[str, list[int]] = {fate.value: [] for fate in Undone}
        leads = visible_leads(self.actor, verb=self.change.verb).filter(pk__in=[row.lead_id for row in rows])
        # Locked in one order, so that two batches never wait in a circle.
        locked = {
            lead_id: (updated_at, created_at)
            for lead_id, updated_at, created_at in leads.order_by("pk")
            .select_for_update(of=("self",))
            .values_list("pk", "updated_at", "created_at")
        }
        mine = [row for row in rows if row.lead_id in locked]
        allowed = self._owners(mine) if self.change.action == ASSIGN else None
        ready: list[BulkChangedLead] = []
        for row in rows:
            if row.lead_id not in locked:
                found[Undone.NOT_ALLOWED].append(row.pk)
            elif row.written_at is not None and locked[row.lead_id][0] != row.written_at:
                found[Undone.CHANGED_SINCE].append(row.pk)
            elif allowed is not None and row.before["owner"] not in allowed:
                found[Undone.NOT_ALLOWED].append(row.pk)
            else:
                ready.append(row)
        undone = self._put_back(ready, {lead_id: created for lead_id, (_updated, created) in locked.items()})
        for row in ready:
            found[Undone.UNDONE if row.lead_id in undone else Undone.CHANGED_SINCE].append(row.pk)
        return {fate: numbers for fate, numbers in found.items() if numbers}

    def _owners(self, rows: Sequence[BulkChangedLead]) -> set[int | None]:
        """To whom of the former owners the actor may give leads now, as `assign_lead` allows; None is nobody."""
        former = {row.before["owner"] for row in rows}
        reach = reachable_member_ids(self.actor, Area.LEADS, "assign")
        asked = [number for number in former if number is not None and (reach is None or number in reach)]
        members = Membership.objects.filter(pk__in=asked, is_active=True).values_list("pk", flat=True)
        return {*members, *([None] if reach is None else [])}

    def _put_back(self, rows: Sequence[BulkChangedLead], created: Mapping[int, dt.datetime]) -> set[int]:
        """Write what stood there; return the leads on which the change still stood."""
        if not rows:
            return set()
        if self.change.action not in COLUMNS:
            return self._tags_back(rows, created)
        values: dict[str, Any] = {
            "organization": self.actor.organization.pk,
            "rows": [row.pk for row in rows],
            "now": timezone.now(),
            "owner": self.change.value,
        }
        line = pin_line(self.line_id)
        with connection.cursor() as cursor:
            cursor.execute(PUT_BACK.format(columns=COLUMNS[self.change.action]), values)
            if self.change.action == ASSIGN:
                cursor.execute(GIVE_BACK, values)
        waited = {row.lead_id: rule for row in rows if (rule := row.before.get("waited_for"))}
        wait_again(waited, line_id=line.pk)
        self._follow(line, [row.lead_id for row in rows])
        return {row.lead_id for row in rows}

    def _follow(self, line: BusinessLine, ids: Sequence[int]) -> None:
        """Bring what follows from the leads to what they are again."""
        if line.score_token or line.stall_token:
            leads = list(Lead.objects.filter(pk__in=ids).order_by("pk"))
            write_scores(line, leads)
            renew_clocks(line, leads, is_given=self.change.action == ASSIGN)

    def _tags_back(self, rows: Sequence[BulkChangedLead], created: Mapping[int, dt.datetime]) -> set[int]:
        # One change has one tag.
        tag_id = rows[0].before["tag"]
        ids = [row.lead_id for row in rows]
        if self.change.action == TAG:
            return remove_tag_from(ids, tag_id)
        if not Tag.objects.filter(pk=tag_id).exists():
            # Withdrawn since, from all leads.
            return set()
        return add_tag_to([(lead_id, created[lead_id]) for lead_id in ids], tag_id)
