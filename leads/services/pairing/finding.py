"""Looking for pairs of leads that may be the same: a job over all of them, or over those written since the last time.

It goes along the index of tokens (or the new leads) in batches that commit with its cursor, then looks again at the
pairs that are open: two that are alike no longer, since one was edited, are taken out.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.roles import Area
from core.jobs import JobRun, job_kind
from core.models import UNFINISHED, Job, JobState, Organization
from core.scope import current_organization_id
from core.services.jobs import enqueue_job
from leads.models import DuplicatePair, Lead, LeadToken, PairDecision
from leads.services.pairing.blocks import (
    Blocks,
    blocks_of,
    couples,
    next_blocks,
    sides_of,
    sides_of_leads,
)
from leads.services.pairing.likeness import likeness

FIND = "leads.find_duplicates"
TOKENS_AT_A_TIME, LEADS_AT_A_TIME, PAIRS_AT_A_TIME = 30_000, 250, 1_000
# A lead may be written a while before it is seen.
OVERLAP = dt.timedelta(minutes=10)
KEEP_PAIRS = """
INSERT INTO leads_duplicatepair AS pair
       (organization_id, line_id, first_id, second_id, score, reasons, found_at, decision)
SELECT %(organization)s, found.line, found.first, found.second, found.score, string_to_array(found.reasons, ' '),
       %(now)s, 'open'
  FROM unnest(%(lines)s::bigint[], %(firsts)s::bigint[], %(seconds)s::bigint[], %(scores)s::int[],
              %(reasons)s::text[]) AS found (line, first, second, score, reasons)
    ON CONFLICT (organization_id, first_id, second_id)
    DO UPDATE SET score = EXCLUDED.score, reasons = EXCLUDED.reasons
 WHERE pair.decision = 'open' AND (pair.score, pair.reasons) IS DISTINCT FROM (EXCLUDED.score, EXCLUDED.reasons)
"""


def find_pairs(*, actor: Actor, everything: bool = True) -> Job:
    """Have pairs looked for among all leads, or those written since the last time; return the job that is at it
    already, if there is one.

    Raises NotPermitted: only who configures lines starts it, for everybody.
    """
    actor.require(Area.CONFIGURATION, "write")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{FIND}:{actor.organization.pk}"])
        if job := finding_job():
            return job
        since = "" if everything else _since()
        return enqueue_job(kind=FIND, title="Possible duplicates", parameters={"since": since}, actor=actor)


def find_every_pair(organization: Organization) -> None:
    """Have pairs looked for among the leads that were written since the last time: each night."""
    find_pairs(actor=Actor.system(organization), everything=False)


def finding_job() -> Job | None:
    """Return the job that looks for pairs now."""
    return Job.objects.filter(kind=FIND, state__in=UNFINISHED).first()


def last_found() -> Job | None:
    """Return the last job that has looked through."""
    return Job.objects.filter(kind=FIND, state=JobState.DONE).order_by("-pk").first()


def _since() -> str:
    last = last_found()
    return (last.created_at - OVERLAP).isoformat() if last else ""


@job_kind(FIND, area="configuration", can_pause=True)
def find(run: JobRun) -> dict[str, Any]:
    """Look for pairs: along the tokens, or by the leads since; then at those that are open."""
    if not run.cursor:
        run.advance(
            cursor={"after": "", "after_lead": 0, "found": 0, "too_large": 0, "looked": False, "pair": 0}
        )
    if not run.cursor["looked"]:
        if run.parameters["since"]:
            _by_new_leads(run)
        else:
            _by_tokens(run)
    _look_again(run)
    return {"pairs": run.cursor["found"], "too_large": run.cursor["too_large"]}


def _by_tokens(run: JobRun) -> None:
    if run.total is None:
        run.advance(total=LeadToken.objects.count())
    going = True
    while going:
        with run.batch():
            blocks, after, rows = next_blocks(run.cursor["after"], TOKENS_AT_A_TIME)
            found = _keep(_alike(blocks))
            going = bool(after)
            run.advance(
                cursor=_counted(run, found, blocks, after=after, looked=not going), done=run.done + rows
            )


def _by_new_leads(run: JobRun) -> None:
    leads = Lead.objects.filter(updated_at__gte=run.parameters["since"])
    if run.total is None:
        run.advance(total=leads.count())
    going = True
    while going:
        with run.batch():
            some = list(
                leads.filter(pk__gt=run.cursor["after_lead"])
                .order_by("pk")
                .values_list("pk", flat=True)[:LEADS_AT_A_TIME]
            )
            blocks = blocks_of(some) if some else Blocks()
            new = set(some)
            found = _keep(row for row in _alike(blocks) if row[1] in new or row[2] in new)
            going = bool(some)
            last = some[-1] if some else run.cursor["after_lead"]
            cursor = _counted(run, found, blocks, after_lead=last, looked=not going)
            run.advance(cursor=cursor, done=run.done + len(some))


def _counted(run: JobRun, found: int, blocks: Blocks, **moved: Any) -> dict[str, Any]:
    counts = {"found": run.cursor["found"] + found, "too_large": run.cursor["too_large"] + blocks.too_large}
    return {**run.cursor, **counts, **moved}


def _alike(blocks: Blocks) -> Iterable[tuple[int, int, int, int, str]]:
    """Yield pairs of the blocks that are alike: line, first, second, score, reasons."""
    for one, other in couples(blocks, sides_of(blocks)):
        if found := likeness(one, other):
            yield one.line_id, one.lead_id, other.lead_id, found.score, " ".join(found.reasons)


def _keep(rows: Iterable[tuple[int, int, int, int, str]]) -> int:
    """Store pairs, each once and in one order; return how many are new or changed. What was decided stays."""
    pairs = sorted(rows, key=lambda row: row[1:3])
    if not pairs:
        return 0
    lines, firsts, seconds, scores, reasons = (list(column) for column in zip(*pairs, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            KEEP_PAIRS,
            {
                "organization": current_organization_id(),
                "now": timezone.now(),
                "lines": lines,
                "firsts": firsts,
                "seconds": seconds,
                "scores": scores,
                "reasons": reasons,
            },
        )
        return cursor.rowcount


def _look_again(run: JobRun) -> None:
    """Take out open pairs of live leads that are alike no longer."""
    going = True
    while going:
        with run.batch():
            pairs = list(
                DuplicatePair.objects.filter(decision=PairDecision.OPEN, pk__gt=run.cursor["pair"])
                .order_by("pk")
                .values_list("pk", "first_id", "second_id")[:PAIRS_AT_A_TIME]
            )
            sides = sides_of_leads({each for _pk, *leads in pairs for each in leads})
            unlike = [
                pk
                for pk, first, second in pairs
                if first in sides and second in sides and likeness(sides[first], sides[second]) is None
            ]
            DuplicatePair.objects.filter(pk__in=unlike, decision=PairDecision.OPEN).delete()
            going = bool(pairs)
            run.advance(cursor={**run.cursor, "pair": pairs[-1][0] if pairs else run.cursor["pair"]})
