"""What a change of score rules sets off: a new token of the line, and a job that scores the stored leads anew."""

from collections.abc import Iterable

from accounts.actor import Actor
from leads.fields.scoring import draw_token, make_scorer
from leads.models import BusinessLine, Lead, ScoreRule
from leads.queries.scores import RENEW_SCORES
from leads.services.drafts import locked_line
from leads.services.renewal_jobs import ask_for_renewal


def follow_rules(actor: Actor, line: BusinessLine, *, scores_stay: bool = False) -> None:
    """Bring a line, locked against its leads, to its rules of now, in the transaction that changed them.

    `scores_stay` says of a change that it concerns names and order alone.
    """
    rules = list(ScoreRule.objects.filter(line=line, is_active=True))
    reads = set(make_scorer(line, rules).reads)
    has_leads = not scores_stay and Lead.objects.filter(line=line).exists()
    line.score_token = draw_token() if rules else 0
    # Until all are scored anew, a score may still tell of what the rules before read.
    line.score_reads = sorted(reads | set(line.score_reads)) if has_leads or scores_stay else sorted(reads)
    line.save(update_fields=["score_token", "score_reads"])
    if has_leads:
        ask_for_renewal(actor, line, RENEW_SCORES, f"Scores of {line.name}")


def lines_that_read(key: str) -> list[BusinessLine]:
    """Return the lines whose score rules read an attribute, locked against their leads, in one order."""
    lines = BusinessLine.objects.filter(score_reads__contains=[key]).order_by("pk")
    return [locked_line(line, against_leads=True) for line in lines]


def follow_names(actor: Actor, lines: Iterable[BusinessLine]) -> None:
    """Score the leads of locked lines anew, because what their rules read is called otherwise now."""
    for line in lines:
        follow_rules(actor, line)
