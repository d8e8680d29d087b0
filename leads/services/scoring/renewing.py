"""Scoring the stored leads of a line anew, after its rules changed."""

from typing import Any

from core.jobs import JobRun, job_kind
from leads.fields.scoring import line_scorer
from leads.models import BusinessLine
from leads.queries.scores import RENEW_SCORES
from leads.services.line_renewal import renew_line
from leads.services.scoring.applying import write_scores


@job_kind(RENEW_SCORES, area="configuration", can_pause=True)
def renew_scores(run: JobRun) -> dict[str, Any]:
    """Score the live leads of a line by its rules of now."""
    return renew_line(run, token=lambda line: line.score_token, write=write_scores, finish=_forget_old_rules)


def _forget_old_rules(line: BusinessLine) -> None:
    scorer = line_scorer(line)
    reads = sorted(scorer.reads) if scorer else []
    if line.score_reads != reads:
        line.score_reads = reads
        line.save(update_fields=["score_reads"])
