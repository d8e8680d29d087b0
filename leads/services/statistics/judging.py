"""Judging the leads of a line: what keeps each from being complete, valid and unduplicated (`LeadFlaw`).

A job looks at all leads where the line has changed since the last time, else at those that were written since. Leads
that were captured under the version in force are valid; older ones are held against it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.database.bulk import insert_rows
from core.jobs import JobRun, job_kind
from core.models import UNFINISHED, Job, Organization
from core.rules import Moment
from core.scope import current_organization_id
from core.services.jobs import enqueue_job
from leads.fields.capture import capture
from leads.fields.line import LineDefinition, line_definition
from leads.fields.types import CaptureContext, type_of
from leads.models import BusinessLine, DuplicateKey, FieldKind, Lead, LeadFlaw
from leads.queries.statistics.quality import (
    DUPLICATED,
    INCOMPLETE,
    INVALID,
    judged_by,
    judgement_key,
    last_judgement,
    wanted_keys,
)
from leads.services.derived import KeyMaker
from leads.services.enquiries import capture_context
from leads.services.statistics.counting import keep_figures

JUDGE = "leads.judge_quality"
BATCH = 2_000
REPEATED = "lead:repeat_enquiry"
FLAW_COLUMNS = ("lead_id", "reason", "organization_id", "line_id", "created_at")
# A lead may be written a while before it is seen: what was written so shortly before the last time is looked at again.
OVERLAP = dt.timedelta(minutes=10)
# What they name is looked up elsewhere, or is not read from text.
NOT_HELD_AGAINST = (
    FieldKind.USER,
    FieldKind.LEAD,
    FieldKind.FILE,
    FieldKind.IMAGE,
    FieldKind.COMPUTED,
    FieldKind.JSON,
)


def judge_quality(*, actor: Actor, line: BusinessLine) -> Job:
    """Have the leads of a line judged again; return the job that is at it already, if there is one.

    Raises NotPermitted: only who configures lines starts it, for everybody.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{JUDGE}:{line.pk}"])
        return judging_job(line) or enqueue_job(
            kind=JUDGE, title=f"Data quality of {line.name}", parameters={"line": line.pk}, actor=actor
        )


def judge_every_line(organization: Organization) -> None:
    """Have the leads of every published line judged, those that were written since the last time."""
    for line in BusinessLine.objects.filter(version__gt=0).order_by("pk"):
        judge_quality(actor=Actor.system(organization), line=line)


def judging_job(line: BusinessLine) -> Job | None:
    """Return the job that judges the line's leads now."""
    return Job.objects.filter(kind=JUDGE, state__in=UNFINISHED, parameters__line=line.pk).first()


@job_kind(JUDGE, area="configuration", can_pause=True)
def judge(run: JobRun) -> dict[str, Any]:
    """Judge the leads that need it, in batches that commit with the job's cursor."""
    line = BusinessLine.everything.get(pk=run.parameters["line"])
    if not run.cursor:
        run.advance(cursor=_beginning(line))
    leads = Lead.objects.filter(line=line)
    if run.cursor["since"]:
        leads = leads.filter(updated_at__gte=run.cursor["since"])
    if run.total is None:
        run.advance(total=leads.count())
    judge_ = Judge(line)
    while True:
        with run.batch():
            some = list(leads.filter(pk__gt=run.cursor["after"]).order_by("pk")[:BATCH])
            if not some:
                _mark_repeats(line)
                keep_figures(
                    judgement_key(line), run.cursor["by"], dt.datetime.fromisoformat(run.cursor["until"])
                )
                break
            judge_.renew(some)
            run.advance(cursor={**run.cursor, "after": some[-1].pk}, done=run.done + len(some))
    return {"leads": run.done}


def _beginning(line: BusinessLine) -> dict[str, Any]:
    last = last_judgement(line)
    since = (last.until - OVERLAP).isoformat() if last and last.is_current else ""
    return {"after": 0, "since": since, "until": timezone.now().isoformat(), "by": judged_by(line)}


class Judge:
    """Tells the flaws of leads of one line, as it is now."""

    def __init__(self, line: BusinessLine) -> None:
        self.line = line
        self.definition: LineDefinition = line_definition(line)
        self.wanted = wanted_keys(line, self.definition)
        self.listed = set(line.complete_fields)
        self.keys = KeyMaker(self.definition, line.duplicate_match, line.on_duplicate)
        organization = Organization.objects.get(pk=line.organization_id)
        self.context: CaptureContext = capture_context(Actor.system(organization))
        self.unread = {
            item.key
            for item in self.definition.active
            if item.type in NOT_HELD_AGAINST or type_of(item).refers_to
        }

    def renew(self, leads: Sequence[Lead]) -> None:
        """Replace the flaws of leads; call inside a transaction."""
        ids = [lead.pk for lead in leads]
        LeadFlaw.objects.filter(lead_id__in=ids).delete()
        insert_rows(LeadFlaw, FLAW_COLUMNS, self.rows(leads), ignore_conflicts=True)

    def rows(self, leads: Sequence[Lead]) -> list[tuple[Any, ...]]:
        """Return the flaws of leads as rows, in the order of FLAW_COLUMNS."""
        keys = {lead.pk: self.keys.keys(lead.data).match for lead in leads}
        held = self._holders(key for match in keys.values() for key in match)
        return [
            (lead.pk, reason, lead.organization_id, lead.line_id, lead.created_at)
            for lead in leads
            for reason in sorted(self._reasons(lead, {key: held.get(key) for key in keys[lead.pk]}))
        ]

    def _reasons(self, lead: Lead, held: dict[str, int | None]) -> set[str]:
        found = set()
        for kind, reasons in (
            (INCOMPLETE, self._missing(lead)),
            (INVALID, self._invalid(lead)),
            (DUPLICATED, self._repeated(lead, held)),
        ):
            if told := set(reasons):
                found |= {kind, *told}
        return found

    def _missing(self, lead: Lead) -> Iterator[str]:
        definition, data = self.definition, lead.data
        moment = Moment(lead.created_at, self.context.zone)
        for key in self.wanted:
            if data.get(key) not in (None, "", []):
                continue
            visible, demanded = definition.visible_rules.get(key), definition.required_rules.get(key)
            if visible is not None and not visible(data, moment):
                continue
            always = key in self.listed or definition.active_by_key[key].required
            if always or (demanded is not None and demanded(data, moment)):
                yield f"{key}:required"

    def _invalid(self, lead: Lead) -> Iterator[str]:
        if lead.version == self.line.version:
            return
        given = {key: value for key, value in lead.data.items() if key not in self.unread}
        context = replace(self.context, now=lead.created_at)
        for problem in capture(self.definition, given, context).problems:
            # What is missing makes a lead incomplete.
            if problem.field not in self.unread and problem.code != "required":
                yield problem.reason

    def _repeated(self, lead: Lead, held: dict[str, int | None]) -> Iterator[str]:
        for key, holder in held.items():
            if holder is not None and holder != lead.pk:
                yield f"{key.split(':', 2)[1]}:duplicate"
        if lead.repeat_enquiries:
            yield REPEATED

    def _holders(self, keys: Iterable[str]) -> dict[str, int]:
        rows = DuplicateKey.objects.filter(line_id=self.line.pk, key__in=list(keys))
        return dict(rows.values_list("key", "lead_id"))


def _mark_repeats(line: BusinessLine) -> None:
    """Bring the leads to which enquiries were counted since they were judged: counting is no change of a lead."""
    leads: QuerySet[Lead] = Lead.objects.filter(line=line, repeat_enquiries__gt=0)
    known = LeadFlaw.objects.filter(line_id=line.pk, reason=REPEATED).values("lead_id")
    organization_id = current_organization_id()
    rows = [
        (pk, reason, organization_id, line.pk, created_at)
        for pk, created_at in leads.exclude(pk__in=known).values_list("pk", "created_at")
        for reason in (DUPLICATED, REPEATED)
    ]
    insert_rows(LeadFlaw, FLAW_COLUMNS, rows, ignore_conflicts=True)
