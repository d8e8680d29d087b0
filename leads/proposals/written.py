"""A proposal as JSON: what the command prints and the API answers."""

from typing import Any

from django.utils.translation import ngettext

from leads.proposals.proposal import Dropped, Proposal, ProposedField
from leads.proposals.wording import notes, why, why_dropped


def written_proposal(proposal: Proposal) -> dict[str, Any]:
    """Return the proposal: `fields` with their evidence, `dropped` columns with why, and what tells a repeat."""
    facts = proposal.facts
    return {
        "rows": facts.rows,
        "sheet": facts.sheet,
        "header_row": facts.header_row,
        "fields": [written_field(item, facts.rows) for item in proposal.fields],
        "dropped": [_dropped(item) for item in proposal.dropped],
        "duplicate_match": proposal.duplicate_match,
        "notices": file_notices(proposal),
    }


def written_field(item: ProposedField, rows: int) -> dict[str, Any]:
    """Return one proposed field; `settings` are those of the configuration file."""
    return {
        "key": item.key,
        "label": item.label,
        "type": item.kind.value,
        "settings": item.settings(),
        "exists": item.exists,
        "evidence": _evidence(item, rows),
    }


def _evidence(item: ProposedField, rows: int) -> dict[str, Any]:
    column = item.column
    evidence: dict[str, Any] = {
        "column": column.header,
        "filled": column.filled,
        "blank": column.blank,
        "distinct": column.distinct,
        "distinct_is_exact": column.distinct_exact,
        "examples": column.examples,
        "reason": why(item),
        "notes": notes(item, rows),
    }
    if column.numbers is not None and item.kind.value in ("integer", "decimal", "money", "percent"):
        evidence |= {"least": column.numbers.least, "most": column.numbers.most}
    if item.nearly is not None:
        evidence["nearly"] = {"type": item.nearly.kind.value, "misfits": item.nearly.misfits}
    return evidence


def _dropped(item: Dropped) -> dict[str, Any]:
    return {
        "column": item.letter,
        "header": item.header,
        "code": item.reason,
        "filled": item.filled,
        "reason": why_dropped(item),
    }


def file_notices(proposal: Proposal) -> list[str]:
    """Return what a person should know of the file as a whole."""
    facts = proposal.facts
    if not facts.rows_beyond:
        return facts.notices
    beyond = ngettext(
        "%(count)s row goes on beyond the last column of the header. It would wait to be corrected: name the columns"
        " above it, or clear the extra cells.",
        "%(count)s rows go on beyond the last column of the header. They would wait to be corrected: name the columns"
        " above them, or clear the extra cells.",
        facts.rows_beyond,
    )
    return [*facts.notices, beyond % {"count": f"{facts.rows_beyond:,}"}]
