"""Scoring the stored leads of a line anew, after its rules changed."""

from typing import Any

from core.jobs import JobRun, job_kind
from leads.fields.scoring import line_scorer
from leads.models import BusinessLine, Lead
from leads.queries.scores import RENEW_SCORES
from leads.services.lines import pin_line
from leads.services.scoring.applying import write_scores

BATCH = 2_000


@job_kind(RENEW_SCORES, area="configuration", can_pause=True)
def renew_scores(run: JobRun) -> dict[str, Any]:
    """Score the live leads of a line in batches that commit with the job's cursor.

    Rules that change meanwhile let it begin again. The line is pinned in each batch: the last one ends with the rules
    that it knows in force.
    """
    line_id = run.parameters["line"]
    leads = Lead.objects.filter(line_id=line_id)
    if not run.cursor:
        beginning = {"token": None, "after": 0, "changed": 0, "is_over": False}
        run.advance(cursor=beginning, total=leads.count())
    while not run.cursor["is_over"]:
        with run.batch():
            line = pin_line(line_id)
            cursor, done = dict(run.cursor), run.done
            if cursor["token"] != line.score_token:
                cursor |= {"token": line.score_token, "after": 0}
                done = 0
            some = list(
                leads.filter(pk__gt=cursor["after"]).select_for_update(no_key=True).order_by("pk")[:BATCH]
            )
            if some:
                cursor["changed"] += write_scores(line, some)
                cursor["after"] = some[-1].pk
            else:
                _forget_old_rules(line)
                cursor["is_over"] = True
            run.advance(cursor=cursor, done=done + len(some))
    return {"leads": run.done, "changed": run.cursor["changed"]}


def _forget_old_rules(line: BusinessLine) -> None:
    scorer = line_scorer(line)
    reads = sorted(scorer.reads) if scorer else []
    if line.score_reads != reads:
        line.score_reads = reads
        line.save(update_fields=["score_reads"])
