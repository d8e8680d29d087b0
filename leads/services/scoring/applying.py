"""Scores of leads that are about to be written, one or thousands. Pin their line first (`pin_line`).

A change of the rules waits for writers that know the old ones, so that the job which scores anew meets their leads.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from core.rules import Moment
from core.scope import current_organization_id
from leads.fields.scoring import line_scorer
from leads.models import BusinessLine, Lead
from leads.services.lead_rows import LeadRow

WRITE = """
UPDATE leads_lead AS lead SET score = scored.score
  FROM unnest(%s::bigint[], %s::int[]) AS scored (id, score)
 WHERE lead.id = scored.id AND lead.organization_id = %s
"""


def give_scores(line: BusinessLine, leads: Sequence[Lead | LeadRow]) -> None:
    """Set the scores of leads of a pinned line in memory; without rules they stay as they are, at no cost."""
    scorer = line_scorer(line)
    if scorer is None or not leads:
        return
    moment = Moment(timezone.now(), line.organization.zone)
    read = scorer.reading(leads)
    for lead in leads:
        lead.score = scorer.score(read(lead), moment)


def give_score(line: BusinessLine, lead: Lead) -> None:
    """Set the score of one lead of a pinned line in memory."""
    give_scores(line, [lead])


def write_scores(line: BusinessLine, leads: Sequence[Lead]) -> int:
    """Bring the stored scores of locked leads of a pinned line to what the rules say; return how many changed.

    A score follows from the lead, so `updated_at` stays: nobody has worked on it.
    """
    before = {lead.pk: lead.score for lead in leads}
    if line.score_token:
        give_scores(line, leads)
    else:
        for lead in leads:
            lead.score = None
    changed = {lead.pk: lead.score for lead in leads if lead.score != before[lead.pk]}
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(changed), list(changed.values()), current_organization_id()])
    return len(changed)


def by_score(line: BusinessLine, lead_ids: Sequence[int], columns: Mapping[str, Any]) -> dict[int, list[int]]:
    """Return score → ids, as stored leads of a pinned line would be scored with some columns changed.

    Empty where no rule reads one of these columns: the scores stay.
    """
    scorer = line_scorer(line)
    if scorer is None or not scorer.reads & columns.keys():
        return {}
    leads = list(Lead.objects.filter(pk__in=lead_ids))
    for lead in leads:
        for name, value in columns.items():
            setattr(lead, name, value)
    give_scores(line, leads)
    found: dict[int, list[int]] = {}
    for lead in leads:
        found.setdefault(lead.score or 0, []).append(lead.pk)
    return found
